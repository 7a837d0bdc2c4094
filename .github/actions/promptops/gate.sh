#!/usr/bin/env bash
# The gate, with its exit code kept for later: the store is saved and the reports are uploaded first.
# In: BIN, HERE, BASE, SUITES, MAX_COST, CONCURRENCY, REPLAY, REPORT_DIR, EVENT.
# Out, to GITHUB_OUTPUT: code, may-merge, report-dir, store (`changed`), and what the gate writes.
set -euo pipefail

refuse() {
  printf '::error title=promptops::%s\n' "$1"
  exit 2
}

case "$EVENT" in
  pull_request_target | workflow_run)
    refuse "under $EVENT a stranger's prompts would be run with your keys; use pull_request"
    ;;
esac
[[ -d "$HERE" ]] || refuse "working-directory: there is no such folder"
# A folder may be made to look like a bare repository of its own, which would know of no such file
# and may name a program to run: git must not take it for one. Letters of any size: some disks tell
# none apart.
committed() {
  git -c safe.bareRepository=explicit -c "safe.directory=*" -c core.fsmonitor=false \
    -C "$HERE" ls-files -- ":(icase).promptops"
}
listed=$(committed) || refuse "working-directory: it is in no git repository that can be read"
if [[ -n "$listed" ]]; then
  refuse ".promptops is committed: answers are kept there, and a change must not bring its own"
fi

case "${REPORT_DIR:-}" in
  '') reports="$RUNNER_TEMP/promptops-report" ;;
  /* | [A-Za-z]:*) reports="$REPORT_DIR" ;;
  *) reports="$GITHUB_WORKSPACE/$REPORT_DIR" ;;
esac
[[ "$reports" != *[[:cntrl:]]* ]] || refuse "report-dir: a name on one line"
mkdir -p -- "$reports"

arguments=("--report-dir=$reports")
[[ -z "${BASE:-}" ]] || arguments+=("--base=$BASE")
[[ -z "${MAX_COST:-}" ]] || arguments+=("--max-cost=$MAX_COST")
[[ -z "${CONCURRENCY:-}" ]] || arguments+=("--concurrency=$CONCURRENCY")
case "${REPLAY:-auto}" in
  auto) ;;
  always) arguments+=(--replay) ;;
  never) arguments+=(--no-replay) ;;
  *) refuse "replay: auto, always or never" ;;
esac
read -r -d '' -a suites <<< "${SUITES:-}" || true
for suite in ${suites[@]+"${suites[@]}"}; do
  arguments+=("--suite=$suite")
done

# What is kept, by its contents: a cache of the same is not saved again.
kept() { cat "$HERE/.promptops/store.db" "$HERE/.promptops/store.db-wal" 2> /dev/null | cksum; }

before=$(kept || true)
code=0
"$BIN/promptops" -C "$HERE" gate "${arguments[@]}" || code=$?
store=same
[[ "$(kept || true)" == "$before" ]] || store=changed
{
  printf 'code=%s\n' "$code"
  printf 'report-dir=%s\n' "$reports"
  printf 'store=%s\n' "$store"
  if [[ "$code" == 0 ]]; then printf 'may-merge=true\n'; else printf 'may-merge=false\n'; fi
} >> "$GITHUB_OUTPUT"
