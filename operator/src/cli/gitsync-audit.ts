#!/usr/bin/env node
import { main } from './audit/main.ts'

process.exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  program: process.argv[1] ?? import.meta.filename,
  now: () => new Date(),
})
