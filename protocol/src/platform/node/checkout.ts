export { checkout } from '../../client/checkout/checkout.ts'
