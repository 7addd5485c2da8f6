"""The dashboard's files over HTTP: compressed for who takes that, and not sent again to who has them."""

import gzip
import unittest

from harness.case import Scenario
from harness.rest import Rest


class StaticFiles(Scenario):
    async def test_the_dashboards_files_are_sent_once_and_compressed(self):
        web = self.folder / "web"
        web.mkdir()
        page = "<!doctype html>" + "Füllstand " * 1000
        (web / "index.html").write_text(page)
        (web / "tiny.svg").write_text("<svg/>")
        server = self.hub(web_root=web)
        await server.start()
        rest = Rest(server)
        status, headers, body = rest.request("GET", "/")
        self.assertEqual((status, body.decode(), headers["Content-Encoding"]), (200, page, None))
        self.assertEqual(rest.request("GET", "/", If_None_Match=headers["ETag"])[0::2], (304, b""))
        self.assertEqual(rest.request("GET", "/", If_None_Match='"old", W/' + headers["ETag"])[0], 304)
        self.assertEqual(rest.request("GET", "/", If_None_Match='"old"')[0], 200)
        status, packed, body = rest.request("GET", "/", Accept_Encoding="br, gzip;q=0.8")
        self.assertEqual((status, packed["Content-Encoding"], gzip.decompress(body).decode()), (200, "gzip", page))
        self.assertNotEqual(packed["ETag"], headers["ETag"])
        self.assertLess(len(body), 500)
        self.assertIsNone(rest.request("GET", "/", Accept_Encoding="gzip;q=0")[1]["Content-Encoding"])
        self.assertIsNone(rest.request("GET", "/tiny.svg", Accept_Encoding="gzip")[1]["Content-Encoding"])
        self.assertEqual(rest.request("GET", "/../server.ini")[0], 404)
        rest.close()


if __name__ == "__main__":
    unittest.main()
