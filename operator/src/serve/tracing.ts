import { AsyncLocalStorage } from 'node:async_hooks'
import type * as OpenTelemetry from '@opentelemetry/sdk-trace'
import { NO_TRACER } from '../trace/tracer.ts'
import type { Span, SpanContext, SpanOptions, Tracer } from '../trace/tracer.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface TracingOptions {
  /** Has OpenTelemetry's standard variables. */
  readonly env: Environment
  readonly version: string
  /** Default of the resource's attribute `service.instance.id`. */
  readonly instance: string
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const

/** Whether the environment asks for traces. */
export function isTracingWanted(env: Environment): boolean {
  return isTrue(env['OTEL_SDK_DISABLED']) || env['OTEL_TRACES_EXPORTER'] === 'none'
    ? false
    : ENDPOINTS.some((name) => (env[name] ?? '') !== '')
}

/**
 * Sends spans by OTLP over HTTP, as JSON, if the environment names an endpoint. OpenTelemetry is loaded only then. Where
 * the collector does not answer, spans are dropped and nothing else happens.
 * @throws RangeError when a variable has a value that is not accepted
 */
export async function createTracer(options: TracingOptions): Promise<Tracer> {
  const { env, version, instance } = options
  if (!isTracingWanted(env)) return NO_TRACER
  checkProtocol(env)
  const [{ TracerProvider, BatchSpanProcessor, ...samplers }, { OTLPTraceExporter }, { resourceFromAttributes }, api] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/api'),
    ])
  const resource = resourceFromAttributes({
    'service.name': 'gitsync-operator',
    'service.version': version,
    'service.instance.id': instance,
    ...resourceAttributes(env),
  })
  const provider = new TracerProvider({
    resource,
    sampler: chooseSampler(env, samplers),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  })
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api
  const tracer = provider.getTracer('gitsync-operator', version)
  const around = new AsyncLocalStorage<SpanContext>()

  return {
    isEnabled: true,
    start(name, { parent, links = [], attributes = {}, startedAt, isClient = false }: SpanOptions = {}): Span {
      const span = tracer.startSpan(
        name,
        {
          kind: isClient ? SpanKind.CLIENT : SpanKind.INTERNAL,
          attributes,
          links: links.map((context) => ({ context })),
          ...(startedAt === undefined ? {} : { startTime: startedAt }),
        },
        parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent),
      )
      return {
        context: span.spanContext(),
        set: (more) => void span.setAttributes(more),
        fail: (reason) => void span.setStatus({ code: SpanStatusCode.ERROR, message: reason }),
        end: () => span.end(),
      }
    },
    within: (span, work) => around.run(span.context, work),
    current: () => around.getStore(),
    stop: () => provider.shutdown(),
  }
}

/** The exporter sends JSON: who asks for something else would wait for traces in vain. */
function checkProtocol(env: Environment): void {
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    const protocol = env[name] ?? ''
    if (protocol !== '' && protocol !== 'http/json' && protocol !== 'http/protobuf') {
      throw new RangeError(`${name}=${protocol} is not supported: use http/json and the collector's port for OTLP/HTTP`)
    }
    if (protocol !== '') return
  }
}

type Sampling = Pick<
  typeof OpenTelemetry,
  'AlwaysOnSampler' | 'AlwaysOffSampler' | 'ParentBasedSampler' | 'TraceIdRatioBasedSampler'
>

/** OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG; default parentbased_always_on. */
function chooseSampler(env: Environment, samplers: Sampling): OpenTelemetry.Sampler {
  const { AlwaysOnSampler, AlwaysOffSampler, ParentBasedSampler, TraceIdRatioBasedSampler } = samplers
  const ratio = (): InstanceType<typeof TraceIdRatioBasedSampler> => {
    const text = env['OTEL_TRACES_SAMPLER_ARG'] ?? '1'
    const share = Number(text)
    if (text.trim() === '' || !(share >= 0 && share <= 1)) {
      throw new RangeError(`OTEL_TRACES_SAMPLER_ARG=${text} must be a number from 0 to 1`)
    }
    return new TraceIdRatioBasedSampler(share)
  }
  const known: Readonly<Record<string, () => OpenTelemetry.Sampler>> = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: ratio,
    parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    parentbased_traceidratio: () => new ParentBasedSampler({ root: ratio() }),
  }
  const name = env['OTEL_TRACES_SAMPLER'] ?? ''
  const make = known[name === '' ? 'parentbased_always_on' : name]
  if (make === undefined) {
    throw new RangeError(`OTEL_TRACES_SAMPLER=${name} is not one of ${Object.keys(known).join(', ')}`)
  }
  return make()
}

/** OTEL_RESOURCE_ATTRIBUTES (`key=value,…`, percent-encoded), and OTEL_SERVICE_NAME before it. */
function resourceAttributes(env: Environment): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const pair of (env['OTEL_RESOURCE_ATTRIBUTES'] ?? '').split(',')) {
    const equals = pair.indexOf('=')
    if (equals < 1) continue
    try {
      attributes[pair.slice(0, equals).trim()] = decodeURIComponent(pair.slice(equals + 1).trim())
    } catch {
      throw new RangeError(`OTEL_RESOURCE_ATTRIBUTES: ${JSON.stringify(pair)} is not percent-encoded as it must be`)
    }
  }
  const name = env['OTEL_SERVICE_NAME'] ?? ''
  return name === '' ? attributes : { ...attributes, 'service.name': name }
}

const isTrue = (text: string | undefined): boolean => text?.trim().toLowerCase() === 'true'
