// `comfyrunner bench`: how fast this machine runs the engine.
import { join, resolve } from 'node:path'
import { benchEngine, benchText } from '../../../bench/engine-bench.ts'
import { testProvider } from '../../backends/provider-test.ts'
import { writeJson } from '../../graph/json.ts'
import { planFolders } from '../folders.ts'
import { hardwareReport, hardwareText } from '../hardware-report.ts'
import { choosePlacement, readPlacementContext } from '../placement-context.ts'
import { readArgs } from './usage.ts'

const flags = { json: { type: 'boolean' } } as const

/** Further checkpoints may be named; the starter model is always measured. */
export async function bench(args: string[]): Promise<number> {
  const { values, positionals } = readArgs(args, flags)
  const note = (text: string) => process.stderr.write(`${text} …\n`)
  const folders = planFolders()
  note('hardware')
  const context = await readPlacementContext({ test: provider => testProvider(provider) })
  const hardware = await hardwareReport(context, await choosePlacement('auto', context))
  const report = await benchEngine({
    checkpoints: positionals.map(file => resolve(file)),
    resources: folders.resources,
    int8Dir: join(folders.data, 'int8'),
    note,
  })
  const text = values.json
    ? writeJson({ hardware, ...report }, 2)
    : `${hardwareText(hardware)}\n\n${benchText(report)}`
  process.stdout.write(`${text}\n`)
  return 0
}
