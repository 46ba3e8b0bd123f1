#!/usr/bin/env bash
# Make Fashion-MNIST available; run by `make data`.
# Order as in the program: TUNEFOLD_DATA, the Debian package, Keras' cache or download.
set -euo pipefail

package=dataset-fashion-mnist
folder=/usr/share/datasets/fashion-mnist
cache="${KERAS_HOME:-$HOME/.keras}/datasets/fashion-mnist"

if [ -n "${TUNEFOLD_DATA:-}" ]; then
    echo "data: from TUNEFOLD_DATA ($TUNEFOLD_DATA)"
elif [ -f "$folder/train-images-idx3-ubyte.gz" ]; then
    echo "data: Fashion-MNIST from $folder"
elif [ -f "$cache/train-images-idx3-ubyte.gz" ]; then
    echo "data: Fashion-MNIST from Keras' cache ($cache)"
else
    as_root=none
    if command -v apt-get >/dev/null; then
        if [ "$(id -u)" -eq 0 ]; then
            as_root=""
        elif command -v sudo >/dev/null && sudo --non-interactive true 2>/dev/null; then
            as_root="sudo --non-interactive"
        fi
    fi
    if [ "$as_root" != none ]; then
        echo "data: installing the Debian package $package (31 MB)"
        # A failure here is no error: the download is tried instead, and it is said.
        # shellcheck disable=SC2086  # two words or none
        if { $as_root apt-get install -y --no-install-recommends "$package" ||
            { $as_root apt-get update &&
                $as_root apt-get install -y --no-install-recommends "$package"; }; } &&
            [ -f "$folder/train-images-idx3-ubyte.gz" ]; then
            echo "data: Fashion-MNIST from $folder"
            exit 0
        fi
        echo "data: $package could not be installed" >&2
    fi
    echo "data: Fashion-MNIST (31 MB) will be downloaded by Keras at the first use"
fi
