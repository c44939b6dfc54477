#!/usr/bin/env bash
# Runs ecs-deploy with the lines of ARGUMENTS as its arguments.
set -euo pipefail

args=()
while read -r line; do # without spaces around it
	line=${line%$'\r'}
	[[ -z $line ]] || args+=("$line")
done <<<"$ARGUMENTS"
# An empty list is an unknown variable for the bash of macOS.
exec ecs-deploy ${args[@]+"${args[@]}"}
