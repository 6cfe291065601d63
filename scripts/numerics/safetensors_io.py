"""safetensors files with numpy alone: an 8-byte length, a JSON header, the tensors.

    tensors = read("model.safetensors")          # name -> array; F32, F16, BF16, F64
    write("model.safetensors", tensors)          # float32 arrays

BF16, which numpy lacks, is read as the float32 of the same value. Anything the format forbids
(a header that is no JSON, an offset outside the file, holes, overlaps) is an error.
"""
import json
import struct

import numpy

TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


class FormatError(Exception):
    pass


def _pairs(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise FormatError("a name stands twice in the header")
    return dict(pairs)


def header(path):
    """(entries by name, metadata, offset of the data, bytes of data)"""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 8:
        raise FormatError(f"{path}: shorter than 8 bytes")
    (length,) = struct.unpack("<Q", data[:8])
    if length > 100_000_000 or 8 + length > len(data):
        raise FormatError(f"{path}: a header of {length} bytes")
    text = data[8:8 + length]
    if not text.startswith(b"{"):
        raise FormatError(f"{path}: the header does not begin with a brace")
    entries = json.loads(text.decode("utf-8"), object_pairs_hook=_pairs)
    metadata = entries.pop("__metadata__", {})
    return entries, metadata, 8 + length, data[8 + length:]


def read_with_metadata(path):
    entries, metadata, start, data = header(path)
    if start % 8:
        raise FormatError(f"{path}: the data begin at byte {start}, no multiple of 8")
    end = 0
    tensors = {}
    for name, entry in sorted(entries.items(), key=lambda item: item[1]["data_offsets"]):
        first, last = entry["data_offsets"]
        if entry["dtype"] not in TYPES:
            raise FormatError(f"{path}: {name} is of type {entry['dtype']}")
        if first != end:
            raise FormatError(f"{path}: {name} begins at {first}, the one before ended at {end}")
        end = last
        values = numpy.frombuffer(data[first:last], dtype=TYPES[entry["dtype"]])
        if entry["dtype"] == "BF16":
            values = (values.astype("<u4") << 16).view("<f4")
        if values.size != numpy.prod(entry["shape"], dtype=int):
            raise FormatError(f"{path}: {name} has {values.size} elements, its shape says otherwise")
        tensors[name] = values.reshape(entry["shape"])
    if end != len(data):
        raise FormatError(f"{path}: {len(data) - end} bytes behind the last tensor")
    return tensors, metadata


def read(path):
    return read_with_metadata(path)[0]


def write(path, tensors):
    """In the order of the names, as the format's own writer does."""
    entries, end = {"__metadata__": {"format": "pt"}}, 0
    arrays = [numpy.ascontiguousarray(tensors[name], dtype="<f4") for name in sorted(tensors)]
    for name, array in zip(sorted(tensors), arrays):
        entries[name] = {"dtype": "F32", "shape": list(array.shape),
                         "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(entries, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays:
            file.write(array.tobytes())
