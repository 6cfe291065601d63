"""Files of text in many forms, read by lambert prep and by Python: what Python reads is written as plain UTF-8,
and both must give the same corpus; what Python finds damaged, prep must refuse by the file's name.

    inputs.py BUILD [COUNT [SEED]]

Forms: gzip, bzip2, xz, .lzma, zstd (where Python's zstandard is there), UTF-16 and UTF-32 of both orders, and
these compressed; of one member or several, with and without what may follow the last one; sizes around the
blocks of 256 KiB and the chunks; cut off anywhere, with bits flipped, with garbage behind the end."""
import bz2
import codecs
import gzip
import io
import lzma
import os
import random
import subprocess
import sys
import tempfile
import zlib

try:
    import zstandard
except ImportError:
    zstandard = None

SIZES = [0, 1, 63, 65535, 65536, 65537, 262143, 262144, 262145, 400000, 1048575, 1048576, 1500000]
WORDS = ["the", "old", "river", "sees", "a", "house.", "It", "is", "дом", "реки.", "été", "中文。", "\U0001f600"]
MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE,
         "utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE}


class Damaged(Exception):
    pass


def make_text(rng, size):
    """Documents of some lines each, of `size` bytes at least; words that pack neither well nor badly."""
    lines, length = [], 0
    while length < size:
        line = " ".join(rng.choice(WORDS) if rng.random() < 0.6 else f"w{rng.randrange(20000)}" for _ in range(9))
        end = rng.choice(["\n", "\n", "\n", "\n\n", "\r\n"])
        lines.append(line + end)
        length += len((line + end).encode())
    return "".join(lines)


def pack(kind, data):
    if kind == "gzip":
        return gzip.compress(data, 6, mtime=0)
    if kind == "bzip2":
        return bz2.compress(data, 1)
    if kind == "xz":
        return lzma.compress(data, preset=0)
    if kind == "lzma":
        return lzma.compress(data, format=lzma.FORMAT_ALONE, preset=0)
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def unpack(kind, stored):
    """What the members hold, one behind the other; Damaged where there is anything else."""
    out = []
    while stored:
        try:
            if kind == "gzip":
                reader = zlib.decompressobj(31)
            elif kind == "bzip2":
                reader = bz2.BZ2Decompressor()
            elif kind == "zstd":
                reader = zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj()
            else:
                reader = lzma.LZMADecompressor(lzma.FORMAT_AUTO)
            out.append(reader.decompress(stored))
            if not reader.eof:
                raise Damaged("cut off")
        except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError) as error:
            raise Damaged(str(error))
        except Exception as error:  # zstandard's own
            if type(error).__name__ != "ZstdError":
                raise
            raise Damaged(str(error))
        stored = reader.unused_data
        if kind in ("gzip", "bzip2"):
            stored = stored.lstrip(b"\0")
        elif kind == "xz":
            zeros = len(stored) - len(stored.lstrip(b"\0"))
            if zeros % 4:
                raise Damaged("padding")
            stored = stored[zeros:]
        elif kind == "lzma" and stored:
            raise Damaged("garbage")
        elif kind == "zstd":
            while len(stored) >= 8 and stored[1:4] == b"\x2a\x4d\x18" and stored[0] & 0xF0 == 0x50:
                stored = stored[8 + int.from_bytes(stored[4:8], "little"):]
    return b"".join(out)


def decode(data):
    for name in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        if data.startswith(MARKS[name]):
            text = data[len(MARKS[name]):].decode(name, errors="ignore")
            lost = len(data) - len(MARKS[name]) - len(text.encode(name))
            if lost > 0.01 * len(data):
                raise Damaged("not in its encoding")
            return text.encode()
    return data


def make_variant(rng):
    """Its name, the kind of compression, and its bytes."""
    kinds = ["none", "gzip", "bzip2", "xz", "lzma"] + (["zstd"] if zstandard else [])
    kind = rng.choice(kinds)
    size = max(0, rng.choice(SIZES) + rng.choice([0, 0, -1, 1, rng.randrange(-30, 30)]))
    encoding = rng.choice(list(MARKS)) if kind == "none" or rng.random() < 0.25 else "utf-8"
    text = make_text(rng, size)
    data = MARKS.get(encoding, b"") + text.encode(encoding)
    if kind == "none":
        stored = data
        damage = rng.choice(["", "", "cut", "flip"])
    else:
        members = 1 if kind == "lzma" else rng.choice([1, 1, 2, 3])
        places = sorted(rng.randrange(len(data) + 1) for _ in range(members - 1))
        pieces = [data[a:b] for a, b in zip([0] + places, places + [len(data)])]
        stored = b"".join(pack(kind, piece) for piece in pieces)
        damage = rng.choice(["", "", "", "cut", "flip", "zeros", "garbage", "end"])
    if damage == "cut":
        stored = stored[:rng.randrange(24, len(stored))] if len(stored) > 24 else stored
    elif damage == "end":
        stored = stored[:-rng.randrange(1, 12)]
    elif damage == "flip" and len(stored) > 24:
        place = rng.randrange(12, len(stored))
        stored = stored[:place] + bytes([stored[place] ^ 1 << rng.randrange(8)]) + stored[place + 1:]
    elif damage == "zeros":
        stored += bytes(rng.randrange(1, 13))
    elif damage == "garbage":
        stored += bytes(rng.randrange(1, 256) for _ in range(rng.randrange(1, 40)))
    return f"{kind} {encoding} {size} {damage}", kind, stored


def prepare(lambert, folder, name, data, piped):
    """The shards' bytes in the order of the text, or None where it was refused; and what was said."""
    path, output = os.path.join(folder, name), os.path.join(folder, name + ".corpus")
    with open(path, "wb") as file:
        file.write(data)
    words = [lambert, "prep", "--vocabulary", os.path.join(folder, "vocab.txt"), "--heldout", "0",
             "--shard-megabytes", "1", "--output", output, "-" if piped else path]
    done = subprocess.run(words, capture_output=True, input=data if piped else b"",
                          env={**os.environ, "OMP_NUM_THREADS": "1"})
    said = done.stderr.decode(errors="replace")
    shards = None
    if done.returncode == 0:
        names = sorted((n for n in os.listdir(output) if n.endswith(".shard")),
                       key=lambda n: [int(d) for d in n[:-6].split("-")[1:]])
        # Parts of a stream are numbered by themselves, and an empty one has no shard.
        shards = []
        for shard in names:
            with open(os.path.join(output, shard), "rb") as file:
                shards.append(file.read())
    elif done.returncode != 1:
        raise SystemExit(f"exit code {done.returncode}: {said}")
    subprocess.run(["rm", "-rf", output])
    return shards, said


def main():
    build, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    lambert = os.path.join(os.path.abspath(build), "lambert")
    read = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf-8") as file:
            pieces = "[PAD] [UNK] [CLS] [SEP] [MASK] the old river sees a house it is . w дом реки ete 中 文 。".split()
            file.write("\n".join(pieces + [f"##{d}" for d in range(10)]) + "\n")
        for number in range(count):
            name, kind, stored = make_variant(rng)
            piped = rng.random() < 0.2
            try:
                plain = decode(unpack(kind, stored) if kind != "none" else stored)
            except Damaged:
                plain = None
            got, said = prepare(lambert, folder, "variant", stored, piped)
            wanted = None
            if plain is not None:
                # Of the same chunks: both through a pipe, or both small, or cut by the same rule.
                wanted, _ = prepare(lambert, folder, "plain", plain, piped)
            if got != wanted:
                with open("variant.bad", "wb") as file:
                    file.write(stored)
                raise SystemExit(f"variant {number} ({name}, piped {piped}) is kept in variant.bad: Python "
                                 f"{'reads it' if wanted else 'refuses it'}, prep says:\n{said}")
            if got is None and plain is None and not piped and "variant" not in said:
                raise SystemExit(f"variant {number} ({name}) is refused without its name:\n{said}")
            read += got is not None
            refused += got is None
    print(f"inputs: {read} files give what Python reads, {refused} are refused as they should be")


if __name__ == "__main__":
    main()
