#!/bin/sh
# Checks the chart with the tools that are installed: helm lint, helm-unittest, kubernetes-validate for each supported
# version, kube-score, checkov, promtool; helm/tools/build.sh makes those that Go builds, pip brings kubernetes-validate and
# checkov. What is missing is said and skipped; a finding that values.yaml does not explain fails.
#   helm/tools/build.sh helm helm-unittest kube-score && helm/validate.sh
set -eu
cd "$(dirname "$0")"
PATH=${GRAFT_CACHE:-${HOME:-/root}/.cache/graft}/kubernetes-tools/bin:$PATH
has() { command -v "$1" >/dev/null || { echo "$1 is missing: skipped" >&2; return 1; }; }
has helm || exit 2
rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT
failed=0
bad() { failed=1; echo "FAILED: $*" >&2; }
# The explained ones, as values.yaml lists them.
score=container-image-pull-policy,deployment-has-host-podantiaffinity,deployment-replicas,deployment-strategy
checks=CKV_K8S_8,CKV_K8S_9,CKV_K8S_15,CKV_K8S_35,CKV_K8S_43
unseen="try-(hooks|[a-z0-9-]*-serve)/graft .*(doesn.t|does not) match any pods"

if has helm-unittest; then helm-unittest --strict . || bad helm-unittest; fi
for values in ci/*-values.yaml; do
    profile=$(basename "$values" -values.yaml)
    helm lint --strict -f "$values" . >/dev/null && echo "$profile: lint ok" || bad "$profile: lint"
    helm template try . --namespace graft --kube-version 1.34.0 -f "$values" >"$rendered/$profile.yaml"
    if has kubernetes-validate; then
        for version in 1.31 1.32 1.33 1.34 1.35 1.36; do
            kubernetes-validate --strict --quiet -k "$version" "$rendered/$profile.yaml" 2>"$rendered/said" &&
                echo "$profile: valid for $version" || { cat "$rendered/said"; bad "$profile for $version"; }
        done
        sed -n "s/.*find schema for kind \([A-Za-z]*\).*/$profile: \1 has no schema there/p" "$rendered/said" | sort -u
    fi
    if has kube-score; then
        kube-score score --output-format ci --ignore-test "$score" "$rendered/$profile.yaml" >"$rendered/said" || true
        ! grep -E '^\[(CRITICAL|WARNING)\]' "$rendered/said" | grep -vE "$unseen" && echo "$profile: kube-score has no finding left" ||
            bad "$profile: kube-score"
    fi
    if has checkov; then
        checkov --framework kubernetes --compact --quiet --skip-download --skip-check "$checks" --file "$rendered/$profile.yaml" \
            >"$rendered/said" 2>/dev/null && echo "$profile: checkov has no finding left" ||
            { cat "$rendered/said"; bad "$profile: checkov"; }
    fi
    if has promtool && grep -q '^kind: PrometheusRule' "$rendered/$profile.yaml"; then
        awk 'BEGIN { RS = "---\n" } /kind: PrometheusRule/' "$rendered/$profile.yaml" |
            sed -n '/^spec:/,$p' | sed '1d; s/^  //' >"$rendered/rules.yaml"
        promtool check rules "$rendered/rules.yaml" || bad "$profile: promtool"
    fi
done
exit $failed
