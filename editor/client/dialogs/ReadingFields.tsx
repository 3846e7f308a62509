/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * How an imported track file is read, where its bytes do not tell: the same as
 * the flags `--length`, `--fps`, `--unit`, `--from-size` and `--array`.
 *
 * @module
 */

import type { TrackReading } from "../../../core/tracks/read_tracks.ts";
import { ChoiceField } from "../../components/fields.tsx";

/** The fields; every change gives a new reading. */
export function ReadingFields(props: {
  /** How it is read now. */
  readonly reading: TrackReading;
  /** Whether the file has several arrays to choose from. */
  readonly arrays: boolean;
  /** Takes another reading. */
  readonly onReading: (reading: TrackReading) => void;
}) {
  const { reading } = props;
  /** With one value set, or left out. */
  const set = <Key extends keyof TrackReading>(
    key: Key,
    value: TrackReading[Key] | undefined,
  ) => {
    const { [key]: _, ...rest } = reading;
    props.onReading(value === undefined ? rest : { ...rest, [key]: value });
  };
  const { length = "auto", unit = "auto" } = reading;
  return (
    <>
      <ChoiceField
        label="Length"
        value={length}
        values={[
          [
            "auto",
            "Auto",
            "4n + 1 samples up to 81 are the frames of a video, more than 121 a longer video, other counts are spread over five seconds",
          ],
          ["pad", "Cut or pad", "Frame by frame; what is missing is hidden"],
          ["resample", "Stretch", "The whole track over the five seconds"],
        ]}
        onValue={(value) => set("length", value)}
      />
      <TypedField
        label="Rate"
        name="Samples per second"
        hint="auto"
        unit="per second"
        expected="A number from 0.1 to 1000"
        parse={(text) => {
          const rate = Number(text);
          return rate >= 0.1 && rate <= 1000 ? rate : undefined;
        }}
        onValue={(rate) => set("fps", rate)}
      />
      <ChoiceField
        label="Unit"
        value={unit}
        values={[
          ["auto", "Auto", "Px, or shares where all are from 0 to 1"],
          ["px", "px", "Px, whatever the numbers are"],
          ["share", "0 to 1", "Shares of the image's width and height"],
        ]}
        onValue={(value) => set("unit", value)}
      />
      <TypedField
        label="Made on"
        name="Size of the image they were made on"
        hint="this image, or 512x512"
        expected="A width and a height, like 512x512"
        parse={(text) => {
          const [, width, height] =
            /^(\d{1,6})\s*[x×*]\s*(\d{1,6})$/.exec(text) ??
              [];
          const size = { width: Number(width), height: Number(height) };
          return size.width >= 1 && size.height >= 1 ? size : undefined;
        }}
        onValue={(size) => set("fromSize", size)}
      />
      {(props.arrays || reading.array !== undefined) && (
        <TypedField
          label="Array"
          name="Name of the array"
          hint="auto"
          expected="A name"
          parse={(text) => text}
          onValue={(array) => set("array", array)}
        />
      )}
    </>
  );
}

/** A text that counts when Enter is pressed or focus leaves; empty: none. */
function TypedField<Value>(props: {
  readonly label: string;
  readonly name: string;
  readonly hint: string;
  readonly unit?: string;
  /** What is said of another text. */
  readonly expected: string;
  /** The value of a text; undefined when it is none. */
  readonly parse: (text: string) => Value | undefined;
  readonly onValue: (value: Value | undefined) => void;
}) {
  return (
    <label class="field">
      <span class="label">{props.label}</span>
      <input
        type="text"
        aria-label={props.name}
        placeholder={props.hint}
        onChange={({ currentTarget: input }) => {
          const text = input.value.trim();
          const value = text === "" ? undefined : props.parse(text);
          input.setCustomValidity(
            text === "" || value !== undefined ? "" : props.expected,
          );
          input.reportValidity();
          if (text === "" || value !== undefined) props.onValue(value);
        }}
      />
      {props.unit && <span class="unit">{props.unit}</span>}
    </label>
  );
}
