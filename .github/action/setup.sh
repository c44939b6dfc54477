#!/usr/bin/env bash
# Downloads the release archive for this runner, compares it with the checksums of the
# release, and puts ecs-deploy on the PATH of the steps that follow.
set -euo pipefail

fail() {
	printf '::error title=ecs-deploy::%s\n' "$1"
	exit 1
}

get() { # URL FILE
	curl --fail --silent --show-error --location --retry 3 --proto-redir =https --output "$2" "$1" ||
		fail "cannot download $1"
}

sha256() { # FILE
	if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

number='v?([0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?)'
version=${VERSION:-$REF}
if [[ $version == latest ]]; then
	from=latest/download
elif [[ $version =~ ^$number$ ]]; then
	from=download/v${BASH_REMATCH[1]}
elif [[ -n $VERSION ]]; then
	fail "the input version is neither a version, such as v1.2.3, nor latest"
else
	fail "set the input version, such as v1.2.3: the action is not used by a version tag"
fi

case $RUNNER_OS in
Linux) os=linux suffix=tar.gz binary=ecs-deploy ;;
macOS) os=darwin suffix=tar.gz binary=ecs-deploy ;;
Windows) os=windows suffix=zip binary=ecs-deploy.exe ;;
*) fail "there is no release for $RUNNER_OS" ;;
esac
case $RUNNER_ARCH in
X64) arch=amd64 ;;
ARM64) arch=arm64 ;;
*) fail "there is no release for the architecture $RUNNER_ARCH" ;;
esac

folder=$RUNNER_TEMP/ecs-deploy
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

releases=$SERVER/$REPOSITORY/releases
get "$releases/$from/checksums.txt" checksums.txt
sum='' archive=''
while read -r hex name; do
	if [[ $name =~ ^ecs-deploy_${number}_${os}_$arch\.$suffix$ ]]; then
		sum=$hex archive=$name version=${BASH_REMATCH[1]}
	fi
done <checksums.txt
[[ -n $archive ]] || fail "release $version of $REPOSITORY has no archive for $os on $arch"

get "$releases/download/v$version/$archive" "$archive"
actual=$(sha256 "$archive")
[[ $actual == "$sum" ]] ||
	fail "the SHA-256 of $archive is $actual; checksums.txt of the release says $sum"

case $suffix in
zip) unzip -q "$archive" "$binary" ;;
*) tar -xzf "$archive" "$binary" ;;
esac
rm "$archive" checksums.txt
printf '%s\n' "$folder" >>"$GITHUB_PATH"
printf 'version=v%s\n' "$version" >>"$GITHUB_OUTPUT"
printf 'ecs-deploy v%s for %s on %s\n' "$version" "$os" "$arch"
