// What ComfyUI's own page copies: HTML with the nodes as base64 JSON in an attribute. Read as a
// small workflow, it becomes what our own copies are.
import type { Catalogue } from '../../../engine/graph/catalogue.ts'
import { readUi } from '../../../engine/graph/comfy-read.ts'
import { copyNodes, rootCanvas } from '../../../engine/graph/edit.ts'
import { isObject, type Json, type JsonObject, readJson } from '../../../engine/graph/json.ts'

const mostCharacters = 32_000_000

/** The text that `pasteNodes` takes; undefined when the HTML is something else. */
export function fromComfyUi(html: string, catalogue: Catalogue): string | undefined {
  if (html.length > mostCharacters) return undefined
  const encoded = /data-metadata="([A-Za-z0-9+/=\s]+)"/.exec(html)?.[1]
  if (!encoded) return undefined
  try {
    const bytes = Uint8Array.from(atob(encoded), character => character.charCodeAt(0))
    const held = readJson(new TextDecoder().decode(bytes))
    if (!isObject(held) || !Array.isArray(held.nodes) || held.nodes.length === 0) return undefined
    const document = readUi(asWorkflow(held), catalogue)
    return copyNodes(document, rootCanvas, Object.keys(document.nodes))
  } catch {
    // HTML of somebody else with an attribute of that name.
    return undefined
  }
}

/** Copied inputs do not name their links; in a file they must. */
function asWorkflow({ nodes, links, subgraphs }: JsonObject): JsonObject {
  const wires = (Array.isArray(links) ? links : []).flatMap(wire => wireOf(wire) ?? [])
  const into = new Map(wires.map(({ id, to, slot }) => [`${to}:${slot}`, id]))
  return {
    version: 0.4,
    nodes: (nodes as Json[]).filter(isObject).map(node => ({
      ...node,
      inputs: (Array.isArray(node.inputs) ? node.inputs : []).map((input, slot) =>
        isObject(input) ? { ...input, link: into.get(`${node.id}:${slot}`) ?? null } : input,
      ),
    })),
    links: wires.map(({ file }) => file),
    groups: [],
    ...(Array.isArray(subgraphs) && { definitions: { subgraphs } }),
  }
}

/** A link as an array or, as newer pages write it, an object. */
function wireOf(wire: Json) {
  const file: Json[] | undefined = Array.isArray(wire)
    ? wire
    : isObject(wire)
      ? ['id', 'origin_id', 'origin_slot', 'target_id', 'target_slot', 'type'].map(
          key => wire[key] ?? null,
        )
      : undefined
  if (file?.length !== 6 || file[0] === null) return undefined
  return { id: file[0]!, to: String(file[3]), slot: String(file[4]), file }
}
