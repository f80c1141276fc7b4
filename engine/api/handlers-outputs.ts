// The gallery: pages of outputs, one with its recipe and graph, the trash and back.
import { readJson } from '../graph/json.ts'
import type { Prompt } from '../graph/prompt.ts'
import type { Host } from '../host/host.ts'
import { recipeOf } from '../host/recipe.ts'
import { answers, missing } from './handlers-base.ts'
import { documentOf } from './handlers-runs.ts'

const os = answers.outputs

export function outputHandlers(host: Host) {
  const { outputs, runs } = host.store
  return {
    list: os.list.handler(({ input }) => outputs.list(input)),
    open: os.open.handler(({ input }) => {
      const output = outputs.find(input.id)
      const run = output && host.run(output.run)
      if (!output || !run) throw missing('The picture')
      const prompt = readJson(runs.texts(run.id)!.prompt) as unknown as Prompt
      return {
        output,
        run,
        recipe: recipeOf(prompt, output.node),
        document: documentOf(host, run.id),
      }
    }),
    remove: os.remove.handler(async ({ input }) => {
      await host.removeOutputs(input.ids)
      return {}
    }),
    restore: os.restore.handler(async ({ input }) => {
      await host.restoreOutputs(input.ids)
      return {}
    }),
  }
}
