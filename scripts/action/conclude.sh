#!/usr/bin/env bash
# Fails the job, after the reports were kept.
set -euo pipefail

if [[ "$PIIGUARD_FAILED" != false ]]; then
  echo "piiguard: see the summary of this job"
  exit 1
fi
