#!/bin/bash
# A job file on a Slurm cluster, one GPU per shard:
#
#   sbatch --array=1-8 slurm.sh jobs.yaml /shared/Wan2.1-ATI-14B-480P /shared/out
#
# The three paths are on storage shared by all machines. Add --partition,
# --account and the like as your cluster requires.

#SBATCH --job-name=ati
#SBATCH --gpus-per-task=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=64G
#SBATCH --time=12:00:00
#SBATCH --requeue
# A minute before the time limit; a task that is preempted gets it as well.
#SBATCH --signal=B:TERM@60
#SBATCH --output=ati-%A-%a.log

set -euo pipefail

jobs=$1
checkpoint=$2
out=$3
# The path of this repository; Slurm runs a copy of this script from elsewhere.
ati=${ATI_HOME:-$SLURM_SUBMIT_DIR}
launcher=()
# With the image of Containerfile (ATI_IMAGE=ati.sif) nothing is installed on the
# machines: apptainer build ati.sif docker-daemon://ati:0.1.0
if [ -n "${ATI_IMAGE:-}" ]; then
  ati=/opt/ati
  launcher=(apptainer exec --nv --bind "$PWD,$(dirname "$checkpoint"),$(dirname "$out")" "$ATI_IMAGE")
fi

# On SIGTERM the steps made so far are saved and the task ends with 143. One that
# is preempted is requeued and resumes; for those that met the time limit, run
# the same sbatch again.
exec "${launcher[@]}" deno run --cached-only --no-prompt --allow-read --allow-write --allow-ffi \
  --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE \
  "$ati/tools/generate.ts" \
  -p "$jobs" -c "$checkpoint" -o "$out" \
  --device cuda -g 1 \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
