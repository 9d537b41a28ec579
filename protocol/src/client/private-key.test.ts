import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import ssh2 from 'ssh2'
import { describe, expect, test } from 'vitest'
import { readSshKey } from './private-key.ts'
import { openPgpSigner, sshSigner } from './sign/index.ts'

/** Far less than what is refused would take. */
const SOON_MS = 5_000

const string = (value: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(value as Uint8Array)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** A key in OpenSSH's format whose passphrase is hashed so often; what is encrypted is noise. */
function withRounds(rounds: number, separator = ''): string {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(rounds)
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('aes256-ctr'),
    string('bcrypt'),
    string(Buffer.concat([string(Buffer.alloc(16, 0xfb)), count])),
    Buffer.from([0, 0, 0, 1]),
    string(Buffer.concat([string('ssh-ed25519'), string(Buffer.alloc(32))])),
    string(Buffer.alloc(64)),
  ])
  const text = file.toString('base64')
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${text.slice(0, 8)}${separator}${text.slice(8)}\n-----END OPENSSH PRIVATE KEY-----\n`
}

/** An RSA key of numbers that mean nothing, which nobody notices before it signs. */
function rsa(bits: number) {
  const odd = (length: number): Buffer => {
    const bytes = randomBytes(length / 8)
    bytes[0] = 0x41
    bytes[bytes.length - 1] = 0xc1
    return bytes
  }
  const tagged = (tag: number, value: Buffer): Buffer => {
    const { length } = value
    const long = length < 0x80 ? [] : length < 0x100 ? [0x81] : [0x82, length >> 8]
    return Buffer.concat([Buffer.from([tag, ...long, length & 0xff]), value])
  }
  const exponent = Buffer.from([1, 0, 1])
  const numbers = [odd(bits), exponent, odd(bits), ...Array.from({ length: 5 }, () => odd(bits / 2))]
  const key = tagged(0x30, Buffer.concat([Buffer.from([0]), ...numbers].map((number) => tagged(2, number))))
  return createPrivateKey({ key, format: 'der', type: 'pkcs1' })
}

const pem = (key: ReturnType<typeof rsa>): string => key.export({ type: 'pkcs1', format: 'pem' }).toString()

describe('an SSH key from outside', () => {
  test('of a usual size is read', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    expect(readSshKey(ssh2, pem(privateKey), undefined)).toMatchObject({ type: 'ssh-rsa' })
    expect(readSshKey(ssh2, withRounds(1), 'wrong')).toMatch(/integrity|malformed/i)
  })

  // Four thousand million rounds take years.
  test.each([
    ['as ssh-keygen writes it', withRounds(0xffff_ffff)],
    ['with what is no base64 inside', withRounds(0xffff_ffff, 'é. \n').replaceAll('+', '-')],
    ['behind a mark of the byte order', `\ufeff${withRounds(0xffff_ffff)}`],
  ])('whose passphrase takes years is not opened: %s', { timeout: SOON_MS }, async (_how, key) => {
    expect(readSshKey(ssh2, key, 'secret')).toMatch(/takes 4294967295 rounds, more than 128/)
    await expect(sshSigner(key, { passphrase: 'secret' })).rejects.toThrow(/4294967295 rounds/)
  })

  test('that is not ended is given up, however long its headers are', { timeout: SOON_MS }, () => {
    const text = `-----BEGIN RSA PRIVATE KEY-----\n${'a:b\n'.repeat(200_000)}`
    expect(readSshKey(ssh2, text, undefined)).toMatch(/it has 800032 bytes, more than 16384/)
  })

  test('of RSA that signs for minutes is refused', { timeout: SOON_MS }, async () => {
    const key = pem(rsa(16_384))
    expect(readSshKey(ssh2, key, undefined)).toBe('RSA of 16383 bits, more than 8192')
    await expect(sshSigner(key)).rejects.toMatchObject({ code: 'InvalidInput' })
  })
})

describe('an OpenPGP key from outside', () => {
  const locked = async (change: (s2k: { t: number; encodedM: number }) => void): Promise<string> => {
    const { encryptKey, enums, generateKey } = await import('openpgp')
    const { privateKey } = await generateKey({ userIDs: { name: 'Ann' }, format: 'object' })
    const config = {
      aeadProtect: true,
      s2kType: enums.s2k.argon2,
      s2kArgon2Params: { passes: 1, parallelism: 1, memoryExponent: 8 },
    }
    const encrypted = await encryptKey({ privateKey, passphrase: 'secret', config } as never)
    for (const { keyPacket } of encrypted.getKeys()) change((keyPacket as never as { s2k: never }).s2k)
    return encrypted.armor()
  }

  test('is opened when that takes the usual memory and time', async () => {
    await expect(openPgpSigner(await locked(() => undefined), { passphrase: 'secret' })).resolves.toBeDefined()
  })

  test('that would take gigabytes, or a minute, is not opened', { timeout: 2 * SOON_MS }, async () => {
    const memory = await locked((s2k) => (s2k.encodedM = 21))
    await expect(openPgpSigner(memory, { passphrase: 'secret' })).rejects.toThrow(/Argon2 over 2097152 KiB/)
    const time = await locked((s2k) => Object.assign(s2k, { t: 255, encodedM: 16 }))
    await expect(openPgpSigner(time, { passphrase: 'secret' })).rejects.toThrow(/over 33423360 KiB in all passes/)
  })
})
