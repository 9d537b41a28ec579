/** What stands for Node's global `Buffer` where there is none: the edge bundle puts it wherever `Buffer` is used. */
export { Buffer } from 'buffer/index.js'
