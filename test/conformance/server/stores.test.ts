import { describe } from 'vitest'
import { storeContract } from './store-contract.ts'
import { STORES } from './stores.ts'

describe.each(STORES)('%s', storeContract)
