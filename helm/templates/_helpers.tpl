{{/* Name of one model's component: release and model. */}}
{{- define "graft.component" -}}
{{- printf "%s-%s" .root.Release.Name .model.name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "graft.selector" -}}
app.kubernetes.io/name: graft
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .model.name }}
{{- end -}}

{{- define "graft.labels" -}}
{{ include "graft.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* What can't work is refused while rendering, not found out in the cluster. */}}
{{- define "graft.check" -}}
{{- if and (not .root.Values.database.url) (gt (int (.model.replicas | default 1)) 1) -}}
{{- fail (printf "models.%s.replicas is %d, but several replicas share one truth: set database.url" .model.name (int .model.replicas)) -}}
{{- end -}}
{{- if and .root.Values.database.url (not .root.Values.database.existingSecret) -}}
{{- fail "database.url needs database.existingSecret with user, password, migration-user and migration-password" -}}
{{- end -}}
{{- end -}}
