// Starts a program of ours under the Node 24 that setup installed, and passes on how it ended.
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

export const nodeBinary = join(
  root,
  `node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`,
)

/** Compiled code is kept between starts: a third of the start-up time. */
export const nodeEnv = {
  ...process.env,
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, '.cache', 'compile'),
}

/** Runs `args` under Node 24 until it ends; signals to us are passed on. @returns its exit code */
export function node24(args, options = {}) {
  const child = spawn(nodeBinary, args, { stdio: 'inherit', env: nodeEnv, ...options })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
}
