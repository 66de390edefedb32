{{- define "tongke.labels" -}}
app.kubernetes.io/name: tongke
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "tongke.selector" -}}
app.kubernetes.io/name: tongke
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tongke.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "tongke.pod" -}}
# Else Kubernetes puts variables such as TONGKE_HTTP_PORT=tcp://… into containers, which are settings.
enableServiceLinks: false
automountServiceAccountToken: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "tongke.container" -}}
image: {{ include "tongke.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [serve, --config, /etc/tongke/tongke.toml]
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "tongke.env" -}}
- {name: TONGKE_DATABASE_URL_FILE, value: /run/secrets/database_url}
- {name: TONGKE_REDIS_URL_FILE, value: /run/secrets/redis_url}
- {name: TONGKE_RECORDINGS, value: {{ .Values.recordings | quote }}}
- {name: TONGKE_PUBLIC_URL, value: {{ .Values.publicUrl | quote }}}
- {name: TONGKE_METRICS_NETWORKS, value: {{ join "," .Values.metricsNetworks | quote }}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_IP
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
- {name: TONGKE_NODE_ID, value: $(POD_NAME)}
{{- with .Values.tracing.endpoint }}
- {name: TONGKE_TRACE_ENDPOINT, value: {{ . | quote }}}
- {name: TONGKE_TRACE_RATIO, value: {{ $.Values.tracing.ratio | quote }}}
{{- end }}
{{- end }}

{{- define "tongke.mounts" -}}
- {name: data, mountPath: /var/lib/tongke}
- {name: config, mountPath: /etc/tongke, readOnly: true}
- {name: secrets, mountPath: /run/secrets, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "tongke.volumes" -}}
- name: data
  persistentVolumeClaim:
    claimName: {{ .root.Values.data.existingClaim | default (printf "%s-data" .root.Release.Name) }}
- name: config
  configMap:
    name: {{ .root.Release.Name }}-config
    items: [{key: {{ .file }}, path: tongke.toml}]
- name: secrets
  secret: {secretName: {{ .root.Values.secretName }}, defaultMode: 0440}
- name: tmp
  emptyDir: {}
{{- end }}

{{- define "tongke.checksum" -}}
checksum/config: {{ (.Files.Glob "config/*.toml").AsConfig | sha256sum }}
{{- end }}
