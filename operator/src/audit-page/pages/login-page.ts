import { h } from 'hastscript'
import { sentence } from './words.ts'
import { layout } from './layout.ts'

export interface Login {
  /** Path to go to from there. */
  readonly next: string
  /** Audience that a token must be for; undefined: the API server's own. */
  readonly audience: string | undefined
  readonly problem?: string
}

export const loginPage = ({ next, audience, problem }: Login): string =>
  layout(
    { title: 'Log in' },
    h('p', null, 'This page shows what you may see in the cluster. Log in with a token of it.'),
    problem === undefined ? null : h('p', { class: 'problem', role: 'alert', id: 'problem' }, sentence(problem)),
    h(
      'form',
      { method: 'post', action: '/login', class: 'login' },
      h('input', { type: 'hidden', name: 'next', value: next }),
      h('label', { for: 'token' }, 'Token'),
      h('input', {
        type: 'password',
        id: 'token',
        name: 'token',
        required: true,
        autocomplete: 'off',
        spellcheck: false,
        ariaDescribedBy: problem === undefined ? 'hint' : 'problem hint',
      }),
      h(
        'p',
        { class: 'hint', id: 'hint' },
        'Of a ServiceAccount: ',
        h('code', null, `kubectl create token NAME${audience === undefined ? '' : ` --audience ${audience}`}`),
        '. It is kept in the memory of the operator until you log out.',
      ),
      h('button', { class: 'primary' }, 'Log in'),
    ),
  )
