"""The pages and the files they load, from `web/`: with an entity tag, compressed, under a strict policy.

A shop loads `/widget.js` and its modules from another origin, so these may be read from anywhere; they
hold nothing private.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.errors import Problem
from api.lean import lean
from api.parts import of

WEB = Path(__file__).parent / "web"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
PACKED = {".html", ".js", ".mjs", ".css", ".json", ".svg", ".webmanifest"}
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PAGES = {
    "/desk": ("desk.html", "desk/desk.html", "desk/index.html"),
    "/studio": ("studio.html", "studio/studio.html", "studio/index.html"),
}
SHOP = ("shop.html", "shop/shop.html", "shop/index.html")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class File:
    """A file of `web/` as it is sent; read again when it changed on disk."""

    body: bytes
    packed: bytes | None
    etag: str
    media: str
    stamp: tuple[int, int]


_files: dict[Path, File] = {}
_lock = Lock()


def _load(path: Path) -> File:
    stat = path.stat()
    stamp = (stat.st_mtime_ns, stat.st_size)
    with _lock:
        known = _files.get(path)
    if known is not None and known.stamp == stamp:
        return known
    body = path.read_bytes()
    if path.suffix == ".js" and "vendor" not in path.parts:
        body = lean(body.decode()).encode()
    packed = gzip.compress(body, 9, mtime=0) if path.suffix in PACKED and len(body) > 200 else None
    etag = hashlib.sha256(body).hexdigest()[:24]
    file = File(body, packed, etag, TYPES[path.suffix], stamp)
    with _lock:
        _files[path] = file
    return file


def _find(*names: str) -> Path:
    """The first of these files that exists inside `web/`. Raises Problem not_found."""
    for name in names:
        path = (WEB / name).resolve()
        if path.is_relative_to(WEB.resolve()) and path.suffix in TYPES and path.is_file():
            return path
    raise Problem("not_found", "There is no such page.")


def answer(request: Request, path: Path) -> Response:
    """A file with its headers; 304 when the browser has it already, gzip when it reads gzip."""
    file = _load(path)
    gzipped = file.packed is not None and "gzip" in request.headers.get("accept-encoding", "")
    etag = f'"{file.etag}{"-gz" if gzipped else ""}"'
    is_page = path.suffix == ".html"
    headers = {
        "ETag": etag,
        "Vary": "Accept-Encoding",
        "Cache-Control": "no-cache" if is_page else "public, max-age=60, stale-while-revalidate=3600",
        "Content-Security-Policy": CSP,
    }
    if not is_page:
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    seen = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag in seen:
        return Response(status_code=304, headers=headers)
    if gzipped:
        headers["Content-Encoding"] = "gzip"
    body = file.packed if gzipped and file.packed is not None else file.body
    return Response(body, headers=headers, media_type=file.media)


@router.api_route("/", methods=["GET", "HEAD"])
async def shop(request: Request) -> Response:
    if not of(request).demo:
        raise Problem("not_found", "The demo shop is served with `toritsugi serve --demo`; see /desk.")
    return answer(request, _find(*SHOP))


async def _page(request: Request) -> Response:
    return answer(request, _find(*PAGES[request.url.path.rstrip("/")]))


for _path in PAGES:
    router.add_api_route(_path, _page, methods=["GET", "HEAD"])


async def files(scope: Scope, receive: Receive, send: Send) -> None:
    """What no route matched: whatever else lies in `web/` (the widget, modules, styles, pictures), or 404."""
    if scope["type"] != "http":
        return
    request = Request(scope, receive)
    path = scope["path"].lstrip("/").removeprefix("web/")
    hidden = path.startswith("v1/") or (path.startswith("shop/") and not of(request).demo)
    if request.method not in {"GET", "HEAD"} or hidden:
        raise Problem("not_found")
    page = _away(request) if _leads_nowhere(request, path) else answer(request, _find(path))
    await page(scope, receive, send)


def _leads_nowhere(request: Request, path: str) -> bool:
    """A person followed a link of an approved answer (/mypage, /guide/…) that a real shop would have."""
    return of(request).demo and not Path(path).suffix and "text/html" in request.headers.get("accept", "")


def _away(request: Request) -> Response:
    page = answer(request, _find("shop/away.html"))
    page.status_code = 404 if page.status_code == 200 else page.status_code
    return page
