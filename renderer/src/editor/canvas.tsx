// The canvas: React Flow over the graph of the active tab. The document is the truth; what React
// Flow reports becomes a selection, a drag or one undoable edit.
import {
  Background,
  type Connection,
  type EdgeChange,
  MiniMap,
  type NodeChange,
  type OnConnectEnd,
  type OnConnectStart,
  ReactFlow,
  type ReactFlowInstance,
  SelectionMode,
  useStore,
} from '@xyflow/react'
import { useCallback, useEffect, useMemo } from 'react'
import { connect, disconnect, moveNodes, refusal } from '../../../engine/graph/edit.ts'
import { useCatalogue } from '../stores/catalogue.ts'
import { activeTab, edit, patchTab, select, shownGraph, type Tab } from '../stores/tabs.ts'
import { toastError } from '../stores/toasts.ts'
import { useUi } from '../stores/ui.ts'
import {
  canvasFlow,
  focusCanvas,
  type LooseEnd,
  openPalette,
  setCanvasFlow,
  useCanvas,
} from './canvas-state.ts'
import { farZoom, largeGraph, riseOf } from './card-layout.ts'
import { type CardNode as FlowCard, flowEdges, flowNodes, type LinkEdge } from './flow-elements.ts'
import { Groups } from './groups.tsx'
import { FarLinks, LinkLine } from './links.tsx'
import { CardNode } from './nodes/card-node.tsx'
import { nodeDescriber } from './primitive-description.ts'
import { socketColour } from './socket-look.ts'
import { describer } from './subgraph-description.ts'
import { followWheel } from './trackpad.ts'
import { wireOf } from './wires.ts'

const nodeTypes = { card: CardNode }
const edgeTypes = { link: LinkLine }
const fitView = { padding: 0.07, maxZoom: 1, minZoom: 0.05 }
/** Fewer cards are seen without a map. */
const leastForMap = 6
const noEdges: LinkEdge[] = []
const modifiers = ['Shift', 'Control', 'Meta']

function takeNodeChanges(changes: NodeChange<FlowCard>[]) {
  const tab = activeTab()
  if (!tab) return
  const nodes = new Set(tab.nodes)
  const { dragged } = useCanvas.getState()
  const moving = { ...dragged }
  let settled = false
  let moved = false
  for (const change of changes) {
    if (change.type === 'select') {
      if (change.selected) nodes.add(change.id)
      else nodes.delete(change.id)
    } else if (change.type === 'position' && change.position) {
      moved = true
      moving[change.id] = { x: Math.round(change.position.x), y: Math.round(change.position.y) }
      if (!change.dragging) settled = true
    } else if (change.type === 'position' && change.dragging === false) {
      settled = true
    }
  }
  if (moved && !settled) useCanvas.setState({ dragged: moving })
  if (settled) {
    const graph = shownGraph(tab)
    const to = Object.fromEntries(
      Object.entries(moving).flatMap(([id, { x, y }]) => {
        const node = graph.nodes[id]
        return node ? [[id, { x, y: y + riseOf(node) }]] : []
      }),
    )
    if (Object.keys(to).length) edit('Move', (document, at) => moveNodes(document, at, to))
    useCanvas.setState({ dragged: {} })
  }
  select(nodes, activeTab()?.links)
}

function takeEdgeChanges(changes: EdgeChange<LinkEdge>[]) {
  const tab = activeTab()
  if (!tab) return
  const links = new Set(tab.links)
  for (const change of changes) {
    if (change.type !== 'select') continue
    if (change.selected) links.add(change.id)
    else links.delete(change.id)
  }
  select(tab.nodes, links)
}

const takeConnection = (connection: Connection) => {
  edit('Connect', (document, at) => connect(document, at, wireOf(connection)))
}

const canConnect = (connection: Connection | LinkEdge): boolean => {
  const tab = activeTab()
  if (!tab || connection.source === connection.target) return false
  return refusal(tab.history.present, tab.at, wireOf(connection)) === undefined
}

const startConnecting: OnConnectStart = (_event, { nodeId, handleId }) => {
  const node = nodeId && canvasFlow()?.getNode(nodeId)
  const place = node
    ? node.data.layout.sockets.find(({ handle }) => handle === handleId)
    : undefined
  if (!nodeId || !place) return
  const { side, handle, type } = place
  useCanvas.setState({ connecting: { node: nodeId, side, handle, type } })
}

const endConnecting: OnConnectEnd = (
  event,
  { isValid, toHandle, fromNode, fromHandle, toNode },
) => {
  const { connecting } = useCanvas.getState()
  useCanvas.setState({ connecting: undefined })
  if (isValid || !connecting) return
  if (toHandle && toNode && fromNode && fromHandle) {
    const ends =
      connecting.side === 'output'
        ? ([fromNode, fromHandle, toNode, toHandle] as const)
        : ([toNode, toHandle, fromNode, fromHandle] as const)
    const [source, sourceHandle, target, targetHandle] = ends
    const tab = activeTab()
    if (!tab || source.id === target.id || sourceHandle.type === targetHandle.type) return
    const wire = wireOf({
      source: source.id,
      sourceHandle: sourceHandle.id ?? null,
      target: target.id,
      targetHandle: targetHandle.id ?? null,
    })
    const why = refusal(tab.history.present, tab.at, wire)
    if (why) toastError(why)
    return
  }
  dropLooseEnd(event, connecting)
}

/** Let go over nothing: offer the nodes that fit. */
function dropLooseEnd(event: MouseEvent | TouchEvent, end: LooseEnd) {
  const at = 'changedTouches' in event ? event.changedTouches[0] : event
  const target = event.target instanceof Element ? event.target : undefined
  if (!at || !target?.closest('.react-flow__pane')) return
  openPalette({ x: at.clientX, y: at.clientY }, end)
}

let replugged = false

function reconnect(edge: LinkEdge, connection: Connection) {
  replugged = true
  edit('Reconnect', (document, at) => {
    const loose = disconnect(document, at, [edge.id])
    return connect(loose, at, wireOf(connection))
  })
}

function endReconnect(_event: unknown, edge: LinkEdge) {
  if (!replugged) edit('Disconnect', (document, at) => disconnect(document, at, [edge.id]))
  replugged = false
}

/** Asked for here and not by React Flow's `fitView`, which can pass before the canvas has its size. */
function takeFlow(flow: ReactFlowInstance<FlowCard, LinkEdge>) {
  setCanvasFlow(flow)
  if (!activeTab()?.viewport) void flow.fitView(fitView)
}

const minimapColour = ({ data }: FlowCard): string => {
  const output = data.node.outputs[0]
  return output ? socketColour(output.type) : 'var(--line-strong)'
}

export function Canvas({ tab }: { tab: Tab }) {
  const types = useCatalogue(state => state.types)
  const dragged = useCanvas(state => state.dragged)
  const trackpad = useCanvas(state => state.trackpad)
  const connectingType = useCanvas(state => state.connecting?.type)
  const minimap = useUi(state => state.minimap && !state.focus)
  const { subgraphs } = tab.history.present
  const graph = shownGraph(tab)
  const isLarge = Object.keys(graph.nodes).length > largeGraph
  const far = useStore(state => isLarge && state.transform[2] < farZoom)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only the subgraphs of the document count
  const describe = useMemo(() => describer(tab.history.present, types), [subgraphs, types])
  const { present } = tab.history
  const nodes = useMemo(() => {
    const describeNode = nodeDescriber(present, graph, types, describe)
    return flowNodes(graph, describeNode, tab.nodes, dragged, far)
  }, [present, graph, types, describe, tab.nodes, dragged, far])
  const edges = useMemo(() => flowEdges(graph, tab.links), [graph, tab.links])
  const rememberView = useCallback(
    (_event: unknown, viewport: Tab['viewport']) => patchTab(tab.id, () => ({ viewport })),
    [tab.id],
  )
  useEffect(() => {
    if (document.activeElement === document.body) focusCanvas()
    return () => setCanvasFlow(undefined)
  }, [])

  return (
    <ReactFlow<FlowCard, LinkEdge>
      className="size-full"
      nodes={nodes}
      edges={far ? noEdges : edges}
      nodeTypes={nodeTypes}
      edgeTypes={edgeTypes}
      onInit={takeFlow}
      onNodesChange={takeNodeChanges}
      onEdgesChange={takeEdgeChanges}
      onConnect={takeConnection}
      onConnectStart={startConnecting}
      onConnectEnd={endConnecting}
      isValidConnection={canConnect}
      onReconnect={reconnect}
      onReconnectEnd={endReconnect}
      reconnectRadius={14}
      connectionRadius={26}
      connectionLineStyle={{ stroke: socketColour(connectingType ?? '*'), strokeWidth: 2.5 }}
      onMoveEnd={rememberView}
      onWheelCapture={followWheel}
      panOnScroll={trackpad}
      selectionKeyCode={modifiers}
      multiSelectionKeyCode={modifiers}
      selectionMode={SelectionMode.Partial}
      deleteKeyCode={null}
      zoomOnDoubleClick={false}
      onPaneClick={() => {
        useCanvas.setState({ palette: undefined })
        focusCanvas()
      }}
      onDoubleClick={event => {
        if ((event.target as Element).classList.contains('react-flow__pane')) {
          openPalette({ x: event.clientX, y: event.clientY })
        }
      }}
      onPointerMove={event =>
        useCanvas.setState({ pointer: { x: event.clientX, y: event.clientY } })
      }
      onlyRenderVisibleElements
      elevateNodesOnSelect
      minZoom={0.05}
      maxZoom={3}
      defaultViewport={tab.viewport}
      proOptions={{ hideAttribution: true }}
    >
      <Background gap={24} size={1.5} />
      <Groups groups={graph.groups} />
      {far && <FarLinks edges={edges} />}
      {minimap && nodes.length > leastForMap && (
        <MiniMap<FlowCard>
          pannable
          zoomable
          position="bottom-right"
          nodeColor={minimapColour}
          nodeBorderRadius={6}
          style={{ width: 168, height: 112 }}
          ariaLabel="Map of the workflow"
        />
      )}
    </ReactFlow>
  )
}
