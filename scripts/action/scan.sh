#!/usr/bin/env bash
# Scans. All that `piiguard github-action` is told stands in the environment.
set -euo pipefail

export PIIGUARD_OUTPUT="$RUNNER_TEMP/piiguard-report"
exec "$RUNNER_TEMP/piiguard/bin/piiguard" github-action
