/**
 * Reading and writing video files: what the workers use of mediabunny. The only
 * file that imports that library.
 *
 * @module
 */

export {
  BlobSource,
  BufferTarget,
  EncodedPacket,
  EncodedVideoPacketSource,
  Input,
  type InputVideoTrack,
  MATROSKA,
  MP4,
  Mp4OutputFormat,
  Output,
  QTFF,
  VideoSampleSink,
  WEBM,
} from "npm:mediabunny@1.61.0";
