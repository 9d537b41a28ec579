import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nameAuthor, nameUser } from './naming.ts'

const manager = (name: string): ReturnType<typeof nameAuthor> =>
  nameAuthor({ source: 'FieldManager', manager: name }, {})

test('users, service accounts and programs are named as what they are', () => {
  expect(nameUser({ name: 'alice' }, {}).person).toEqual({ name: 'alice', email: 'alice@user.invalid' })
  expect(nameUser({ name: 'alice@example.com' }, {}).person).toEqual({
    name: 'alice@example.com',
    email: 'alice@example.com',
  })
  expect(nameUser({ name: 'oidc:Alice Doe' }, {}).person).toEqual({
    name: 'oidc:Alice Doe',
    email: 'oidc-alice-doe@user.invalid',
  })
  expect(nameUser({ name: 'system:serviceaccount:argocd:application-controller' }, {}).person).toEqual({
    name: 'argocd/application-controller (service account)',
    email: 'application-controller.argocd@service-account.invalid',
  })
  expect(nameUser({ name: 'system:node:n1' }, { nameTemplate: 'x' }).person.name).toBe('system:node:n1')
  expect(manager('kubectl-edit')?.person).toEqual({ name: 'kubectl-edit', email: 'kubectl-edit@field-manager.invalid' })
  expect(manager('///')).toBeUndefined()
  expect(nameAuthor({ manager: 'kubectl' }, {})).toBeUndefined()
})

test('templates and the mapping say how persons are named', () => {
  const naming = { nameTemplate: '{user.local} of {user.domain}', emailTemplate: '{user.local}@corp.example' }
  expect(nameUser({ name: 'oidc:alice@idp.example' }, naming).person).toEqual({
    name: 'alice of idp.example',
    email: 'alice@corp.example',
  })
  const people = new Map([['alice', { name: 'Alice Doe', email: 'alice@corp.example' }]])
  expect(nameUser({ name: 'alice' }, { ...naming, people })).toEqual({ by: 'alice', person: people.get('alice') })
  // An address that is none would make a commit that hosts refuse.
  expect(nameUser({ name: 'bob' }, { emailTemplate: 'no address <{user}>' }).person.email).toBe('bob@user.invalid')
})

test('nobody has an address that is made of the name of another user or of a program', () => {
  const robot = 'robot.shop@service-account.invalid'
  expect(nameUser({ name: 'system:serviceaccount:shop:robot' }, {}).person.email).toBe(robot)
  for (const user of [{ name: robot }, { name: 'eve', person: { name: 'shop/robot (service account)', email: robot } }])
    expect(nameUser(user, {}).person.email).toMatch(/^(eve|robot.*)@user\.invalid$/)
  expect(nameUser({ name: 'Alice@USER.invalid' }, {}).person.email).not.toBe(
    nameUser({ name: 'alice' }, {}).person.email,
  )
})

test('a pseudonym is the same for one user and one key, and names nobody', () => {
  const one = { pseudonymKey: Buffer.alloc(32, 1), people: new Map([['alice', { name: 'Alice', email: 'a@b.c' }]]) }
  const named = nameUser({ name: 'alice' }, one)
  expect(named).toEqual(nameUser({ name: 'alice' }, one))
  expect(JSON.stringify(named)).not.toMatch(/alice/i)
  expect(named.person.name).toMatch(/^user-[0-9a-f]{16}$/)
  expect(nameUser({ name: 'bob' }, one).by).not.toBe(named.by)
  expect(nameUser({ name: 'alice' }, { pseudonymKey: Buffer.alloc(32, 2) }).by).not.toBe(named.by)
  expect(nameUser({ name: 'system:serviceaccount:a:b' }, one).person.name).toBe('a/b (service account)')
})

test('whatever somebody is called, the author is one that a commit can state', () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'a\nb <c>',
      '-x-',
      'Ünï',
      'a\0b',
      '<>',
      '...',
      '\u202Eevil',
      'x@y\nz@w',
      'system:serviceaccount:\n:a',
    ),
  )
  fc.assert(
    fc.property(hostile, hostile, (name, template) => {
      const emailTemplate = `${template.replaceAll(/[{}]/g, '')}{user}`
      for (const named of [
        manager(name),
        nameUser({ name }, {}),
        nameUser({ name }, { nameTemplate: '{user}', emailTemplate }),
      ]) {
        if (named === undefined) continue
        expect(named.person.name).toMatch(/^[^<>\p{Cc}\p{Zl}\p{Zp}]*[^<>.,:;\p{Z}\p{Cc}][^<>\p{Cc}\p{Zl}\p{Zp}]*$/u)
        expect(named.person.email).toMatch(/^[^<>\p{Z}\p{Cc}]+@[^<>\p{Z}\p{Cc}@]+$/u)
        expect(named.by ?? '').not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('whom the identity provider names counts after mapping and templates, and before the user name', () => {
  const user = { name: 'oidc:4711', person: { name: 'Bob Builder', email: 'bob@corp.example' } }
  expect(nameUser(user, {})).toEqual({ by: 'oidc:4711', person: user.person })
  expect(nameUser(user, { nameTemplate: '{user.local}' }).person).toEqual({ name: '4711', email: 'bob@corp.example' })
  const people = new Map([['oidc:4711', { name: 'B.', email: 'b@corp.example' }]])
  expect(nameUser(user, { people }).person).toEqual(people.get('oidc:4711'))
  expect(JSON.stringify(nameUser(user, { pseudonymKey: Buffer.alloc(32, 1) }))).not.toMatch(/bob|4711/i)
  const odd = { name: 'oidc:4711', person: { name: '<>', email: 'no address' } }
  expect(nameUser(odd, {}).person.email).toBe('oidc-4711@user.invalid')
})
