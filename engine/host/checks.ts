// What nodes themselves check beyond their schema (a picture that is not there): asked before a run
// is queued, so that it is said at once and by node.
import { sourcesIn, upstream } from '../graph/order.ts'
import { isLink, type PromptNode } from '../graph/prompt.ts'
import type { NodeErrors, Validation } from '../graph/validate.ts'
import { ModelError } from '../inference/model-error.ts'
import type { ModelFolders } from '../library/model-folders.ts'
import type { NodeType, RunContext } from '../nodes/define.ts'
import type { Models } from '../nodes/models.ts'

export type CheckContext = Pick<RunContext, 'files' | 'models'>
/** Adds to a validation what the nodes' own checks say. */
export type Checks = (validation: Validation) => Promise<Validation>

export function nodeChecks(types: ReadonlyMap<string, NodeType>, context: CheckContext): Checks {
  return async validation => {
    const nodeErrors: Record<string, NodeErrors> = { ...validation.nodeErrors }
    const broken = new Set<string>()
    for (const output of validation.goodOutputs)
      for (const id of ancestors(validation, output)) {
        const node = validation.coerced[id]!
        const check = types.get(node.class_type)?.check
        if (!check || (nodeErrors[id] && !broken.has(id))) continue
        const literals = Object.fromEntries(
          Object.entries(node.inputs).filter(([, value]) => !isLink(value)),
        )
        const verdict = await runCheck(() => check(literals as never, context))
        if (verdict === true) continue
        broken.add(id)
        const errors = (nodeErrors[id] ??= customError(verdict, node))
        if (!errors.dependent_outputs.includes(output)) errors.dependent_outputs.push(output)
      }
    const goodOutputs = validation.goodOutputs.filter(
      output => !Object.values(nodeErrors).some(error => error.dependent_outputs.includes(output)),
    )
    if (broken.size === 0) return validation
    return {
      ...validation,
      goodOutputs,
      nodeErrors,
      error: goodOutputs.length
        ? undefined
        : {
            type: 'prompt_outputs_failed_validation',
            message: 'Prompt outputs failed validation',
            details: '',
            extra_info: {},
          },
    }
  }
}

async function runCheck(
  check: () => true | string | Promise<true | string>,
): Promise<true | string> {
  try {
    return await check()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** ComfyUI names the input in front of the message; ours is the one whose value the message quotes. */
function customError(said: string, { class_type, inputs }: PromptNode): NodeErrors {
  const [input] =
    Object.entries(inputs).find(
      ([, value]) => typeof value === 'string' && value !== '' && said.includes(value),
    ) ?? []
  return {
    errors: [
      {
        type: 'custom_validation_failed',
        message: 'Custom validation failed for node',
        details: input ? `${input} - ${said}` : said,
        extra_info: input ? { input_name: input } : {},
      },
    ],
    dependent_outputs: [],
    class_type,
  }
}

/** Models that can be named but not loaded: checks run in the host, weights live in the engine. */
export function namesOnly(folders: ModelFolders): Models {
  const refuse = () =>
    Promise.reject(new ModelError('Models are loaded by the engine process only.'))
  return {
    list: folder => folders.list(folder),
    path(folder, name) {
      const path = folders.path(folder, name)
      if (!path) throw new ModelError(`${name} is not in the ${folder} folder.`)
      return path
    },
    checkpoint: refuse,
    diffusers: refuse,
    diffusionModel: refuse,
    textEncoder: refuse,
    vae: refuse,
    upscaler: refuse,
    controlnet: refuse,
    vision: refuse,
    styleModel: refuse,
    gligen: refuse,
    modelPatch: refuse,
    hypernetwork: refuse,
  }
}

const ancestors = ({ coerced }: Validation, output: string): string[] =>
  [...upstream(output, sourcesIn(coerced))].filter(id => coerced[id])
