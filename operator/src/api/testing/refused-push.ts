import { minimal, repository } from './spec.ts'
import type { Fields, RefusedCase } from './spec.ts'

const push = (fields: Fields, field: string, message: RegExp): RefusedCase => ({
  name: `push ${JSON.stringify(fields)}`,
  spec: minimal({ repository: repository({ secretRef: { name: 'a' } }), push: fields }),
  field: `spec.push${field}`,
  message,
})

/** Refused for how changes get into a branch. */
export const PUSH: readonly RefusedCase[] = [
  push({ branch: 'a' }, '', /need push\.mode PullRequest/),
  push({ mode: 'Commit', pullRequest: {} }, '', /need push\.mode PullRequest/),
  push({ mode: 'PullRequest', branch: '{author}' }, '.branch', /behind a folder as in review\/\{author\}/),
  push({ mode: 'PullRequest', branch: 'a/{author}/{author}' }, '.branch', /once and behind a folder/),
  push({ mode: 'PullRequest', branch: 'a/{user}' }, '.branch', /only placeholders are/),
  push(
    { mode: 'PullRequest', branch: 'a/{author}', pullRequest: { via: 'PushOptions' } },
    '',
    /needs pullRequest\.via API/,
  ),
  {
    name: 'a list of files in the requests of several authors',
    spec: minimal({
      repository: repository({ secretRef: { name: 'a' } }),
      push: { mode: 'PullRequest', branch: 'a/{author}' },
      layout: { kustomization: true },
    }),
    field: 'spec.layout',
    message: /exclude each other/,
  },
  push({ mode: 'PullRequest', pullRequest: { labels: ['a,b'] } }, '.pullRequest.labels[0]', /no comma/),
  push({ mode: 'PullRequest', pullRequest: { labels: ['..'] } }, '.pullRequest.labels[0]', /no comma/),
  push({ mode: 'PullRequest', pullRequest: { reviewers: ['a b'] } }, '.pullRequest.reviewers[0]', /name of an account/),
  push({ options: ['a\nb'] }, '.options[0]', /no line break/),
  {
    name: 'mode PullRequest without credentials',
    spec: minimal({ push: { mode: 'PullRequest' } }),
    field: 'spec.push',
    message: /needs repository\.secretRef/,
  },
]
