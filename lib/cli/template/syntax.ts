/** The tree of a parsed template. `at` is the offset in the source, `source` the node's text, for messages. */
interface Place {
  at: number
  source: string
}

export type Operand = Place &
  (
    | { kind: 'dot' }
    | { kind: 'nil' }
    | { kind: 'literal'; value: string | number | boolean }
    /** .A.B */
    | { kind: 'field'; names: string[] }
    /** $x.A.B; the variable's name with its `$`. */
    | { kind: 'variable'; name: string; names: string[] }
    | { kind: 'function'; name: string }
    | { kind: 'pipeline'; pipeline: Pipeline }
    /** (...).A.B */
    | { kind: 'chain'; operand: Operand; names: string[] }
  )

export interface Command extends Place {
  operands: Operand[]
}

export interface Pipeline extends Place {
  /** Variables that take the result: `$x :=`, `$i, $v := range`. */
  variables: string[]
  declares: boolean
  commands: Command[]
}

export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'action'; pipeline: Pipeline }
  | { kind: 'if' | 'range' | 'with'; pipeline: Pipeline; body: Node[]; otherwise: Node[] }
  | { kind: 'break' | 'continue' }
  | ({ kind: 'template'; name: string; pipeline: Pipeline | undefined } & Place)

export interface Template {
  nodes: Node[]
  /** What `define` and `block` named. */
  named: ReadonlyMap<string, readonly Node[]>
}
