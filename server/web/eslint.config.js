// What the linter holds against the dashboard and its tests; `npm run lint` calls it from the repository's root, because
// the tests stand outside of this folder. The compiler's own checks are in tsconfig.json.

import { defineConfig } from 'eslint/config';
import eslint from '@eslint/js';
import typescript from 'typescript-eslint';

const typed = ['server/web/src/**/*.ts', 'tests/web/unit/**/*.ts'];

export default defineConfig(
  { ignores: ['**/node_modules/', 'build/'] },
  eslint.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'max-lines': ['error', 250],
      'prefer-const': 'error',
      'no-var': 'error',
    },
  },
  {
    files: typed,
    extends: [typescript.configs.recommendedTypeChecked, typescript.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: 'server/web/tsconfig.json', tsconfigRootDir: new URL('../..', import.meta.url).pathname } },
    rules: {
      '@typescript-eslint/explicit-function-return-type': ['error', { allowExpressions: true }],
      '@typescript-eslint/no-unnecessary-condition': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }], // an empty name is none
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { properties: false } }], // handlers in h()
      '@typescript-eslint/no-non-null-assertion': 'off', // with noUncheckedIndexedAccess it says what a bound already guards
    },
  },
  {
    files: ['tests/web/unit/**/*.ts'],
    rules: { '@typescript-eslint/explicit-function-return-type': 'off' },
  },
  {
    files: ['**/*.mjs', 'server/web/*.js'],
    languageOptions: { globals: { process: 'readonly', URL: 'readonly', Buffer: 'readonly', setTimeout: 'readonly' } },
  },
);
