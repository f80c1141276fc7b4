// `comfyrunner serve`: runs until it is told to stop.
import { resolve } from 'node:path'
import { startHost } from '../host.ts'
import { serve } from '../serve.ts'
import { readArgs, UsageError } from './usage.ts'

const flags = {
  listen: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '8188' },
  'data-dir': { type: 'string' },
  'models-dir': { type: 'string', multiple: true },
  'input-dir': { type: 'string' },
  'output-dir': { type: 'string' },
} as const

export async function serveCommand(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(args, flags)
  if (positionals.length) throw new UsageError(`serve takes no file; “${positionals.join(' ')}”?`)
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new UsageError(`--port ${values.port}: a number from 0 to 65535.`)

  const host = startHost({
    dataDir: values['data-dir'] && resolve(values['data-dir']),
    inputDir: values['input-dir'] && resolve(values['input-dir']),
    outputDir: values['output-dir'] && resolve(values['output-dir']),
    modelsDirs: values['models-dir']?.map(folder => resolve(folder)),
  })
  for (const notice of host.notices) process.stderr.write(`${notice}\n`)
  try {
    const server = await serve(host, { listen: values.listen, port })
    process.stdout.write(`ComfyRunner is at ${server.url}\n`)
    await stopRequested()
    await server.close()
    return 0
  } finally {
    await host.close()
  }
}

const stopRequested = (): Promise<void> =>
  new Promise(done => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done())
  })
