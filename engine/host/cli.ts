#!/usr/bin/env node
// `comfyrunner run|serve|convert|models|bench`: the app without a window.
import { main } from './commands/main.ts'

process.exitCode = await main(process.argv.slice(2))
