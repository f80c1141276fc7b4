// Everything that keeps a prompt from running. A server stops at the first node that it does not
// know, as ComfyUI's does; whoever opened the file wants to hear of the missing models as well.
import type { Catalogue } from './catalogue.ts'
import { checkLiteral } from './check-literal.ts'
import type { NodeId } from './document.ts'
import { activeInputs } from './dynamic-inputs.ts'
import { explain, type Problem } from './explain.ts'
import { isObject, type Json } from './json.ts'
import type { Prompt } from './prompt.ts'
import type { NodeErrors, Validation } from './validate.ts'

/** `explain`, and beside unknown nodes also what the known ones hold that is wrong. */
export function problemsOf(
  validation: Pick<Validation, 'nodeErrors' | 'error'>,
  prompt: Prompt,
  catalogue: Catalogue,
): Problem[] {
  const problems = explain(validation, prompt, catalogue)
  if (validation.error?.type !== 'invalid_prompt') return problems
  const nodeErrors: Record<NodeId, NodeErrors> = {}
  for (const [id, node] of Object.entries(prompt)) {
    const description = Object.hasOwn(catalogue, node.class_type)
      ? catalogue[node.class_type]
      : undefined
    if (!description || !isObject(node.inputs)) continue
    const given: Record<string, Json> = node.inputs
    const errors = activeInputs(description.inputs, given).flatMap(input => {
      const value = given[input.name]
      if (value === undefined || Array.isArray(value)) return []
      return checkLiteral(input, value).error ?? []
    })
    if (errors.length > 0)
      nodeErrors[id] = { errors, dependent_outputs: [], class_type: node.class_type }
  }
  return [...problems, ...explain({ nodeErrors }, prompt, catalogue)]
}
