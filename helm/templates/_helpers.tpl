{{/* Name of one model's component: release and model. */}}
{{- define "graft.component" -}}
{{- printf "%s-%s" .root.Release.Name .model.name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "graft.selector" -}}
app.kubernetes.io/name: graft
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .model.name }}
{{- end -}}

{{- define "graft.releaseLabels" -}}
app.kubernetes.io/name: graft
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "graft.labels" -}}
{{ include "graft.releaseLabels" .root }}
app.kubernetes.io/component: {{ .model.name }}
{{- end -}}

{{- define "graft.image" -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end -}}

{{- define "graft.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}{{ .Release.Name }}-graft{{- else -}}default{{- end -}}
{{- end -}}

{{- define "graft.cnpg" -}}
{{- if .Values.database.cloudNativePg.enabled -}}true{{- end -}}
{{- end -}}

{{/* Whether the database is outside the pods, whoever runs it. */}}
{{- define "graft.external" -}}
{{- if or .Values.database.url (include "graft.cnpg" .) -}}true{{- end -}}
{{- end -}}

{{- define "graft.databaseUrl" -}}
{{- if .Values.database.url -}}
{{ .Values.database.url }}
{{- else -}}
{{ printf "jdbc:postgresql://%s-db-rw:5432/graft" .Release.Name }}
{{- end -}}
{{- end -}}

{{/* Database settings of server and migrations: names of secrets, never passwords. */}}
{{- define "graft.databaseEnv" -}}
{{- if include "graft.external" . -}}
- {name: GRAFT_DATABASE_URL, value: {{ include "graft.databaseUrl" . | quote }}}
{{- if .Values.database.url }}
{{- range $variable, $key := dict "GRAFT_DATABASE_USER" "user" "GRAFT_DATABASE_PASSWORD" "password" "GRAFT_MIGRATION_USER" "migration-user" "GRAFT_MIGRATION_PASSWORD" "migration-password" }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ $.Values.database.existingSecret }}, key: {{ $key }}}}
{{- end }}
{{- else }}
{{- range $variable, $key := dict "GRAFT_DATABASE_USER" "username" "GRAFT_DATABASE_PASSWORD" "password" }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ $.Release.Name }}-db-app, key: {{ $key }}}}
{{- end }}
{{- range $variable, $key := dict "GRAFT_MIGRATION_USER" "username" "GRAFT_MIGRATION_PASSWORD" "password" }}
- name: {{ $variable }}
  valueFrom: {secretKeyRef: {name: {{ $.Release.Name }}-db-superuser, key: {{ $key }}}}
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "graft.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "graft.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Whether the cluster has an API, or whoever renders without one says so. */}}
{{- define "graft.has" -}}
{{- if or (.root.Capabilities.APIVersions.Has .api) (has .api .root.Values.apiVersions) -}}true{{- end -}}
{{- end -}}

{{/* Whether requests are routed through an InferencePool. */}}
{{- define "graft.pools" -}}
{{- $mode := .Values.gateway.inferencePool.mode -}}
{{- if and .Values.gateway.enabled (or (eq $mode "always") (and (eq $mode "auto") (include "graft.has" (dict "root" . "api" "inference.networking.k8s.io/v1")))) -}}true{{- end -}}
{{- end -}}

{{/* What can't work is refused while rendering, not found out in the cluster. */}}
{{- define "graft.check" -}}
{{- $values := .root.Values -}}
{{- $external := include "graft.external" .root -}}
{{- $most := max (int (.model.replicas | default 1)) (ternary (int $values.autoscaling.maxReplicas) 1 (ne $values.autoscaling.type "none")) -}}
{{- if and (not $external) (gt $most 1) -}}
{{- fail (printf "models.%s may have %d replicas, but several replicas share one truth: set database.url" .model.name $most) -}}
{{- end -}}
{{- if and $values.database.url (not $values.database.existingSecret) -}}
{{- fail "database.url needs database.existingSecret with user, password, migration-user and migration-password" -}}
{{- end -}}
{{- if and $external (not $values.keys.existingSecret) -}}
{{- fail "replicas that share a database share a pepper: set keys.existingSecret to a secret with the key pepper" -}}
{{- end -}}
{{- if and $values.database.url $values.database.cloudNativePg.enabled -}}
{{- fail "database.url and database.cloudNativePg.enabled exclude each other" -}}
{{- end -}}
{{- if and (eq $values.autoscaling.type "keda") (not $values.autoscaling.prometheusAddress) -}}
{{- fail "autoscaling.type keda needs autoscaling.prometheusAddress" -}}
{{- end -}}
{{- if and $values.gateway.enabled (not $values.gateway.parentRefs) -}}
{{- fail "gateway.enabled needs gateway.parentRefs: the Gateway that the route attaches to" -}}
{{- end -}}
{{- if le (int $values.terminationGracePeriodSeconds) (add (int $values.preStopSeconds) 10) -}}
{{- fail "terminationGracePeriodSeconds must be more than preStopSeconds and ten seconds: streams finish in between" -}}
{{- end -}}
{{- $sources := 0 -}}
{{- range $kind := list "claim" "volumeImage" "copy" -}}
{{- if index $.model $kind -}}{{- $sources = add $sources 1 -}}{{- end -}}
{{- end -}}
{{- if gt (int $sources) 1 -}}
{{- fail (printf "models.%s: claim, volumeImage and copy exclude each other" .model.name) -}}
{{- end -}}
{{- if and (ne .model.source "demo") (eq (int $sources) 0) -}}
{{- fail (printf "models.%s: source %s needs claim, volumeImage or copy to bring it" .model.name .model.source) -}}
{{- end -}}
{{- if and (eq (.model.engine | default "torch") "remote") (not .model.serve) (not (hasKey $values.env "GRAFT_REMOTE_URL")) -}}
{{- fail (printf "models.%s: engine remote needs serve, or env.GRAFT_REMOTE_URL" .model.name) -}}
{{- end -}}
{{- end -}}
