import { minimal } from './spec.ts'
import type { Fields, RefusedCase } from './spec.ts'

const commit = (fields: Fields, field: string, message: RegExp): RefusedCase => ({
  name: `commit ${JSON.stringify(fields)}`,
  spec: minimal({ commit: fields }),
  field: `spec.commit${field}`,
  message,
})

/** Refused for who writes, when, and with what words. */
export const COMMIT: readonly RefusedCase[] = [
  commit({ window: '2m' }, '', /maxLatency must not be shorter/),
  commit({ window: '11m', maxLatency: '20m' }, '.window', /between 0s and 10m/),
  commit({ maxLatency: '2h' }, '.maxLatency', /between 0s and 1h/),
  commit({ window: '5' }, '.window', /^(?!.*type conversion).*must be a duration such as 5s/s),
  commit({ author: { name: 'a <b>', email: 'a@b' } }, '.author.name', /without < >/),
  commit({ author: { name: 'a', email: 'a b' } }, '.author.email', /e-mail/),
  commit({ skipCI: 'a\nb' }, '.skipCI', /one line of printable/),
  commit({ skipCI: '' }, '.skipCI', /at least 1|>=1|too small/i),
  commit({ trailers: ['Signed-off-by'] }, '.trailers[0]', /Unsupported value|Invalid option/),
  commit({ signing: {} }, '.signing', /either secretRef or generate/),
  commit({ signing: { generate: true, secretRef: { name: 'a' } } }, '.signing', /either secretRef or generate/),
  commit({ signing: { generate: true, format: 'OpenPGP' } }, '.signing', /either secretRef or generate/),
  {
    name: 'an unknown source of authors',
    spec: minimal({ authors: { sources: ['Horoscope'] } }),
    field: 'spec.authors.sources[0]',
    message: /Unsupported value|Invalid option/,
  },
  { name: 'interval 0s', spec: minimal({ interval: '0s' }), field: 'spec.interval', message: /between 1s and 24h/ },
]
