// The control for a widget, by its kind. Used on cards and in the inspector.
import { memo } from 'react'
import type { Widget } from '../../../../engine/graph/catalogue.ts'
import type { GraphNode } from '../../../../engine/graph/document.ts'
import { setControl, setValue } from '../../../../engine/graph/edit.ts'
import { edit, sealEdit } from '../../stores/tabs.ts'
import { typingKey } from '../../stores/typing.ts'
import { ownName } from '../card-layout.ts'
import { ChoiceField } from './choice-field.tsx'
import { NumberField } from './number-field.tsx'
import { PictureField } from './picture-field.tsx'
import { SeedField } from './seed-field.tsx'
import { TextField } from './text-field.tsx'
import { ToggleField } from './toggle-field.tsx'
import type { WidgetProps } from './widget-props.ts'

interface Props {
  node: GraphNode
  name: string
  label?: string
  widget: Widget
  linked: boolean
}

function FieldOf({ widget, ...rest }: WidgetProps) {
  switch (widget.kind) {
    case 'int':
    case 'float':
      return widget.kind === 'int' && widget.seed ? (
        <SeedField widget={widget} {...rest} />
      ) : (
        <NumberField widget={widget} {...rest} />
      )
    case 'text':
      return <TextField widget={widget} {...rest} />
    case 'toggle':
      return <ToggleField widget={widget} {...rest} />
    case 'choice':
      return widget.upload ? (
        <PictureField widget={widget} {...rest} />
      ) : (
        <ChoiceField widget={widget} {...rest} />
      )
  }
}

export const WidgetField = memo(function WidgetField(props: Props) {
  const { node, name, label = ownName(name).replaceAll('_', ' '), widget, linked } = props
  const value = node.values[name] ?? ('default' in widget ? widget.default : undefined)
  const field = `value:${node.id}:${name}`
  return (
    <FieldOf
      widget={widget}
      value={value}
      label={label}
      disabled={linked}
      control={node.controls?.[name]}
      onControl={control =>
        edit('Change what happens to the seed', (document, at) =>
          setControl(document, at, node.id, name, control),
        )
      }
      onChange={next =>
        edit(
          `Change ${label}`,
          (document, at) => setValue(document, at, node.id, name, next),
          widget.kind === 'text' ? typingKey(field, String(value ?? ''), String(next)) : field,
        )
      }
      onDone={sealEdit}
    />
  )
})
