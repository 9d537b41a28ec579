import { ForgeError } from './forge-error.ts'

/** Reads what a host answers: everything from outside is checked where it is taken. */
export class Fields {
  readonly #object: Readonly<Record<string, unknown>>
  readonly #where: string

  /** @throws ForgeError `Malformed` for anything but an object */
  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ForgeError('Malformed', `${where}: an object was expected`)
    this.#object = value as Readonly<Record<string, unknown>>
    this.#where = where
  }

  /** '' where it is absent or null. */
  text(name: string): string {
    const value = this.#object[name]
    if (value === undefined || value === null) return ''
    if (typeof value !== 'string') throw this.#malformed(name, 'a text')
    return value
  }

  number(name: string): number {
    const value = this.#object[name]
    if (!Number.isSafeInteger(value)) throw this.#malformed(name, 'a number')
    return value as number
  }

  /** False where it is absent or null. */
  flag(name: string): boolean {
    return this.#object[name] === true
  }

  fields(name: string): Fields {
    return new Fields(this.#object[name], `${this.#where}.${name}`)
  }

  has(name: string): boolean {
    return this.#object[name] !== undefined && this.#object[name] !== null
  }

  /** Empty where it is absent or null. */
  list(name: string): readonly unknown[] {
    const value = this.#object[name] ?? []
    if (!Array.isArray(value)) throw this.#malformed(name, 'a list')
    return value
  }

  #malformed(name: string, expected: string): ForgeError {
    return new ForgeError('Malformed', `${this.#where}.${name}: ${expected} was expected`)
  }
}

/** @throws ForgeError `Malformed` */
export function listOf(value: unknown, where: string): Fields[] {
  if (!Array.isArray(value)) throw new ForgeError('Malformed', `${where}: a list was expected`)
  return value.map((item) => new Fields(item, where))
}
