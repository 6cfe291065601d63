#!/usr/bin/env python3
"""Downloads a file, goes on where it was interrupted, and checks its digest.

    data/fetch.py URL FILE --sha256 HEX      (or --sha1, --md5)

The recipes in this folder use it too. What has arrived lies in FILE.part; run again, the download goes
on from there. FILE itself appears only when its digest is right."""
import argparse
import hashlib
import http.client
import os
import sys
import time
import urllib.error
import urllib.request

CHUNK = 1 << 20
AGENT = "lambert-data/1 (Python urllib)"


class Failure(Exception):
    """Says what went wrong, where, and what to do about it."""


class Interrupted(Exception):
    """The connection broke; another try goes on from what has arrived."""


def digest_of(path, algorithm):
    digest = hashlib.new(algorithm)
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def size_of(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def progress(name, done, total, last=False):
    if sys.stderr.isatty():
        of = f" of {total / 1e6:.1f}" if total else ""
        print(f"\r{name}: {done / 1e6:.1f}{of} MB", end="\n" if last else "", file=sys.stderr, flush=True)


def open_from(url, start):
    """The response, and the offset that its bytes begin at: 0 where the server does not resume."""
    request = urllib.request.Request(url, headers={"User-Agent": AGENT})
    if start:
        request.add_header("Range", f"bytes={start}-")
    response = urllib.request.urlopen(request, timeout=60)
    return response, start if response.status == 206 else 0


def receive(url, part):
    """Brings part to the end of the file at url. Throws Interrupted when that has to be tried again."""
    start = size_of(part)
    try:
        try:
            response, start = open_from(url, start)
        except urllib.error.HTTPError as error:
            if error.code != 416:  # 416: nothing is left, all of it has arrived before
                raise
            return
        with response, open(part, "r+b" if start else "wb") as file:
            file.seek(start)
            length = response.headers.get("Content-Length")
            total = start + int(length) if length else None
            done = start
            while chunk := response.read(CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress(os.path.basename(part)[:-len(".part")], done, total)
            progress(os.path.basename(part)[:-len(".part")], done, total, last=True)
        if total is not None and done < total:
            raise Interrupted(f"the connection ended after {done} of {total} bytes")
    except urllib.error.HTTPError as error:
        if error.code in (429, 500, 502, 503, 504):
            raise Interrupted(f"the server answers {error.code} {error.reason}") from error
        raise Failure(f"{url}: the server answers {error.code} {error.reason}") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise Interrupted(str(getattr(error, "reason", error))) from error


def fetch(url, path, algorithm, wanted, tries=6):
    """Makes path the file at url, whose digest is wanted. A file that is there and right is kept. A
    broken connection is made again, tries times in a row without a byte."""
    if os.path.exists(path) and digest_of(path, algorithm) == wanted:
        return
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    part = path + ".part"
    left = tries
    while True:
        before = size_of(part)
        try:
            receive(url, part)
            break
        except Interrupted as error:
            left = left - 1 if size_of(part) <= before else tries - 1
            if left <= 0:
                kept = (f". What has arrived is kept in {part}: run the same command again to go on from "
                        "there" if size_of(part) else "; try again later, or elsewhere")
                raise Failure(f"{url}: {error}{kept}") from error
            time.sleep(0.5 * 2 ** (tries - 1 - left))
    seen = digest_of(part, algorithm)
    if seen != wanted:
        os.remove(part)
        raise Failure(f"{url}: its {algorithm} is {seen}, but {wanted} was expected. It was damaged on the "
                      "way, or is another file now: it has been deleted; try again, or another mirror")
    os.replace(part, path)


def fetch_text(url, tries=6):
    """A small file, as text."""
    for attempt in range(1, tries + 1):
        try:
            with open_from(url, 0)[0] as response:
                return response.read().decode()
        except urllib.error.HTTPError as error:
            raise Failure(f"{url}: the server answers {error.code} {error.reason}") from error
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            if attempt == tries:
                raise Failure(f"{url}: {getattr(error, 'reason', error)}") from error
            time.sleep(0.5 * 2 ** (attempt - 1))
    raise AssertionError


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", metavar="URL")
    parser.add_argument("file", metavar="FILE")
    wanted = parser.add_mutually_exclusive_group(required=True)
    for algorithm in "sha256", "sha1", "md5":
        wanted.add_argument("--" + algorithm, metavar="HEX")
    parser.add_argument("--tries", type=int, default=6, metavar="N",
                        help="connections in a row that bring nothing (6)")
    arguments = vars(parser.parse_args())
    algorithm = next(name for name in ("sha256", "sha1", "md5") if arguments[name])
    fetch(arguments["url"], arguments["file"], algorithm, arguments[algorithm].lower(),
          arguments["tries"])


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"fetch.py: {failure}")
