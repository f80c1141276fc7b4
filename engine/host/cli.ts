#!/usr/bin/env node
// `comfyrunner run|serve|convert|models|bench`: the app without a window.
import { main } from './commands/main.ts'

// `| head -1`: whoever read has heard enough. What is being done is done to its end.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exitCode = 1
  })
process.exitCode = await main(process.argv.slice(2))
