#!/usr/bin/env bash
# Every test as on other machines, one run after the other: busy, elsewhere, at odd times, in other
# languages, in another order. Prints a table of the runs; what each printed is in build/everywhere/.
# Needs a C compiler and the sources of the locales: apt-get install gcc libc6-dev locales
set -uo pipefail
cd "$(dirname "$0")/.."
out=build/everywhere failed=0
mkdir -p "$out/locales"
cc -shared -fPIC -o "$out/clock.so" tests/clock.c || exit
localedef -i th_TH -f UTF-8 "$out/locales/th_TH.UTF-8" || exit
unset LC_ALL LC_CTYPE
export LOCPATH=$PWD/$out/locales

row() { printf '| %-28s | %-8s | %-7s | %s |\n' "$@"; }

run() { # name, command …
  local name=$1 log="$out/${1//[^a-zA-Z0-9]/-}.log" begin=$SECONDS result=passed
  shift
  "$@" .venv/bin/pytest -n auto --dist loadfile "${options[@]}" > "$log" 2>&1 || result=FAILED failed=1
  row "$name" "$result" "$((SECONDS - begin)) s" "$(tail -1 "$log")"
}

busy() {
  local loops=()
  for _ in $(seq "$(nproc)"); do
    while :; do :; done &
    loops+=($!)
  done
  "$@"
  local status=$?
  kill "${loops[@]}"
  return $status
}

starting_at() { # UTC, command …
  local by=$(($(date --utc --date "$1" +%s) - $(date +%s)))
  shift
  env TZ=UTC LD_PRELOAD="$PWD/$out/clock.so" CLOCK_SHIFT=$by "$@"
}

options=("$@")
row run result time "what pytest said"
row ---- ---- ---- ----
run "as it is" env
run "every CPU busy" busy
run "TZ=Pacific/Kiritimati" env TZ=Pacific/Kiritimati
run "31 December 23:59:58 UTC" starting_at "2026-12-31 23:59:58"
run "29 February" starting_at "2028-02-29 12:00:00"
run "LANG=C" env LANG=C
run "LANG=th_TH.UTF-8" env LANG=th_TH.UTF-8
options+=(--random-order-bucket=global "--random-order-seed=$RANDOM")
run "random order (${options[-1]#*=})" env
exit $failed
