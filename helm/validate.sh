#!/bin/sh
# Checks every profile in ci/ with the tools that are installed: helm lint, kubernetes-validate for each supported
# version, kube-score. What is missing is said and skipped. Run by hand: helm/validate.sh
set -eu
cd "$(dirname "$0")"
command -v helm >/dev/null || { echo "helm is missing: go install helm.sh/helm/v3/cmd/helm@latest" >&2; exit 2; }
rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT
for values in ci/*-values.yaml; do
    profile=$(basename "$values" -values.yaml)
    helm lint --strict -f "$values" . >/dev/null && echo "$profile: lint ok"
    helm template try . --namespace graft --kube-version 1.34.0 -f "$values" > "$rendered/$profile.yaml"
    if command -v kubernetes-validate >/dev/null; then
        for version in 1.31 1.32 1.33 1.34 1.35 1.36; do
            kubernetes-validate --strict --quiet -k "$version" "$rendered/$profile.yaml" && echo "$profile: valid for $version"
        done
    else echo "kubernetes-validate is missing (pip install kubernetes-validate)" >&2; fi
    if command -v kube-score >/dev/null; then
        kube-score score --output-format ci "$rendered/$profile.yaml" | grep -E '^\[(CRITICAL|WARNING)\]' || echo "$profile: kube-score has no finding"
    else echo "kube-score is missing (go install github.com/zegl/kube-score/cmd/kube-score@latest)" >&2; fi
done
