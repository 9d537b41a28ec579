import { describe } from 'vitest'
import { stockGit } from './stock-git.ts'
import { STORES } from './stores.ts'

describe.each(STORES)('%s', stockGit)
