#!/usr/bin/env bash
# On a machine that has what pack-machine.mjs packed: set-up against its own LibTorch, tests, benchmarks, one after another.
# Each part's output goes to $OUT (default: ./machine-results) and a failing part does not keep the next from running.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -x .node/bin/node ]; then PATH="$PWD/.node/bin:$PATH"; fi
OUT="${OUT:-$PWD/machine-results}"
mkdir -p "$OUT"
export CI=true

part() {
  local name="$1"
  shift
  echo "== $name"
  local began=$SECONDS
  "$@" >"$OUT/$name.log" 2>&1 </dev/null
  local status=$?
  tail -n 12 "$OUT/$name.log"
  echo "== $name: exit $status after $((SECONDS - began)) s"
}

part machine bash -c 'nvidia-smi; nproc; free -g; python3 -c "import torch; print(torch.__version__, torch.version.cuda)"'
part setup node scripts/setup.mjs --verbose
for wanted in "${@:-torch models speed}"; do
  for one in $wanted; do
    case "$one" in
      torch) part tests-torch node scripts/test.mjs packages/torch ;;
      models) part tests-aha node scripts/test.mjs packages/aha ;;
      verify) part tests-verify node scripts/test.mjs packages/verify ;;
      speed)
        device=$(node --import tsx -e 'import { cudaDevices } from "@aha/torch"; console.log(cudaDevices() > 0 ? "cuda" : "cpu")')
        part speed node --import tsx bench/model-speed/main.ts --side aha --device "$device" --random
        ;;
      *) echo "unknown part $one: torch, models, verify or speed" ;;
    esac
  done
done
