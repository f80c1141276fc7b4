// What an opened workflow asks for that is not here: node types and model files, in the words that
// the engine uses when a run is refused.
import type { Problem } from '../../../engine/api/contract.ts'
import type { Catalogue } from '../../../engine/graph/catalogue.ts'
import { toPrompt } from '../../../engine/graph/comfy-prompt.ts'
import type { Document } from '../../../engine/graph/document.ts'
import type { Json } from '../../../engine/graph/json.ts'
import { explain, type NodeErrors, validatePrompt } from '../../../engine/graph/validate.ts'

/** Model inputs whose file is in none of the folders, as ComfyUI's errors. */
function filesNotHere(
  { class_type, inputs }: { class_type: string; inputs: Record<string, Json> },
  catalogue: Catalogue,
): NodeErrors {
  const errors = (catalogue[class_type]?.inputs ?? []).flatMap(({ name, widget }) => {
    const value = inputs[name]
    const isFile = widget?.kind === 'choice' && widget.folder && widget.folder !== 'input'
    if (!isFile || typeof value !== 'string' || widget.options.includes(value)) return []
    const extra_info = { input_name: name, received_value: value }
    return [{ type: 'value_not_in_list', message: '', details: '', extra_info }]
  })
  return { errors, dependent_outputs: [], class_type }
}

export function missingIn(document: Document, catalogue: Catalogue): Problem[] {
  const { prompt, problems } = toPrompt(document, catalogue)
  if (problems.length) return problems
  const nodes = Object.entries(prompt)
  const isKnown = ([, node]: (typeof nodes)[number]) => Object.hasOwn(catalogue, node.class_type)
  const files = nodes
    .filter(isKnown)
    .map(([id, node]) => [id, filesNotHere(node, catalogue)] as const)
    .filter(([, { errors }]) => errors.length > 0)
  const known = Object.fromEntries(nodes.filter(isKnown)) as unknown as Json
  return [
    ...explain(validatePrompt(prompt, catalogue), prompt as unknown as Json, catalogue).filter(
      ({ code }) => code === 'unknown_node' || code === 'partner_node',
    ),
    ...(files.length ? explain({ nodeErrors: Object.fromEntries(files) }, known, catalogue) : []),
  ]
}
