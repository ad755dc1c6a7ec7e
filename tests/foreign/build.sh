#!/bin/sh
# Builds the components of this folder with the tools of other languages, into the folder that it is given.
# Names after that build only those. Needs npm, python3 with venv, and their package registries; ends with 69 where a program
# is missing.
set -eu

usage="usage: build.sh OUT [js-cli-p2 js-cli-p3 js-http-p3 py-cli-p2 py-http-p2 py-http-p3]"
out=${1:?$usage}
shift
here=$(cd "$(dirname "$0")" && pwd)
wit=$(cd "$here/../../wit/vendor" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)

# Ends where a program is not there, with a code of its own: nothing is wrong with the components then.
unavailable() {
    echo "build.sh: $1" >&2
    exit 69
}

# The tools are installed beside what they make, once.
componentize_qjs() {
    version=0.4.5
    prefix=$out/tools/componentize-qjs-$version
    tool=$prefix/node_modules/.bin/componentize-qjs
    if [ ! -x "$tool" ]; then
        command -v npm >/dev/null || unavailable "npm is not here"
        npm install --loglevel=error --no-audit --no-fund --prefix "$prefix" "componentize-qjs@$version"
    fi
    "$tool" "$@"
}

componentize_py() {
    version=0.25.1
    prefix=$out/tools/componentize-py-$version
    tool=$prefix/bin/componentize-py
    if [ ! -x "$tool" ]; then
        command -v python3 >/dev/null || unavailable "python3 is not here"
        python3 -m venv "$prefix" || unavailable "python3 cannot make a virtual environment"
        "$prefix/bin/pip" --quiet --disable-pip-version-check install "componentize-py==$version"
    fi
    PYTHONDONTWRITEBYTECODE=1 "$tool" --quiet "$@"
}

# A world that asks for more than it needs is refused by componentize-qjs where that includes `wasi:io` beside `wasi:http`
# or an imported `async func`, so its servers are of WASI 0.3 and of the smaller world.
build() {
    case $1 in
    js-cli-p2) componentize_qjs --wit "$wit/wasi-0.2.12" --world wasi:cli/command@0.2.12 --sync --js "$here/js/cli-p2.js" -o "$out/$1.wasm" ;;
    js-cli-p3) componentize_qjs --wit "$wit/wasi-0.3.0" --world wasi:cli/command@0.3.0 --js "$here/js/cli-p3.js" -o "$out/$1.wasm" ;;
    js-http-p3) componentize_qjs --wit "$wit/wasi-0.3.0" --world http-server --js "$here/js/http-p3.js" -o "$out/$1.wasm" ;;
    py-cli-p2) componentize_py -d "$wit/wasi-0.2.12" -w wasi:cli/command@0.2.12 componentize -p "$here/python" cli_p2 -o "$out/$1.wasm" ;;
    py-http-p2) componentize_py -d "$wit/wasi-0.2.12" -w wasi:http/proxy@0.2.12 componentize -p "$here/python" http_p2 -o "$out/$1.wasm" ;;
    py-http-p3) componentize_py -d "$wit/wasi-0.3.0" -w http-server componentize -p "$here/python" http_p3 -o "$out/$1.wasm" ;;
    *) echo "$usage" >&2; exit 2 ;;
    esac
}

[ $# -gt 0 ] || set -- js-cli-p2 js-cli-p3 js-http-p3 py-cli-p2 py-http-p2 py-http-p3
for name in "$@"; do
    echo "building $name" >&2
    build "$name" >&2
done
