/**
 * A component that is rendered again only when one of its properties is
 * another: documents are immutable, so that most lanes stay as they are.
 *
 * @module
 */

import { Component, type ComponentChild, h } from "npm:preact@10.29.8";

/** Wraps a component so that equal properties are not rendered again. */
export function memo<P extends object>(
  render: (props: P) => ComponentChild,
): (props: P) => ComponentChild {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const before = Object.entries(this.props);
      return before.some(([key, value]) => next[key as keyof P] !== value);
    }
    override render(props: P): ComponentChild {
      return h(render as (props: object) => ComponentChild, props);
    }
  }
  return (props) => h(Memo as unknown as (p: object) => ComponentChild, props);
}
