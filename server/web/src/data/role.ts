export type Role = 'viewer' | 'operator';
