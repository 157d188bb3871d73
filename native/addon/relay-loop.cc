#include "relay-loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "attach-frames.h"
#include "detach-keys.h"
#include "stream.h"

namespace {

class Loop {
 public:
  explicit Loop(const RelayInput &input)
      : socket_(input.socket, Stream::Out),
        control_(input.control),
        in_(input.standardIn, Stream::In),
        out_(input.standardOut, Stream::Out),
        error_(input.standardError, Stream::Out),
        keys_(input.detachKeys),
        maxRead_(FRAME_MAX - input.detachKeys.size()),
        typed_(maxRead_, '\0') {
    uint32_t bits = (in_.open() ? HELLO_STDIN : 0) | (out_.open() ? HELLO_STDOUT : 0) | (error_.open() ? HELLO_STDERR : 0);
    PutFrame(&outgoing_, FRAME_HELLO, std::string(reinterpret_cast<const char *>(&bits), sizeof bits));
  }

  RelayResult Run() {
    // Asked once without poll, a terminal tells whether we are in the background: then the kernel stops us (SIGTTIN), as any reader.
    ReadControl();
    ReadInput();
    while (!over_) {
      Wait();
      if (!over_) Send();
      if (!over_) Receive();
    }
    return result_;
  }

 private:
  void End(RelayResult::End end, int code = 0, const char *call = "") {
    result_ = {end, code, call};
    over_ = true;
  }

  void Wait() {
    short events = static_cast<short>((blocked_ ? 0 : POLLIN) | (outgoing_.empty() ? 0 : POLLOUT));
    struct pollfd fds[4] = {
        // Left out altogether while there is nothing to do with it: a hang-up would be reported over and over.
        {events == 0 ? -1 : socket_.fd(), events, 0},
        {control_, POLLIN, 0},
        // Nothing is read that can't be sent at once: what we hold is lost to others when we end.
        {outgoing_.empty() ? in_.fd() : -1, POLLIN, 0},
        {blocked_ ? blocked_->fd() : -1, POLLOUT, 0},
    };
    if (poll(fds, 4, -1) < 0) {
      if (errno != EINTR) End(RelayResult::Failed, errno, "poll()");
      return;
    }
    if (fds[1].revents) ReadControl();
    if (fds[2].revents) ReadInput();
    if (fds[3].revents) blocked_ = nullptr;
  }

  void ReadControl() {
    struct pollfd one = {control_, POLLIN, 0};
    uint32_t size[2];
    while (poll(&one, 1, 0) > 0) {
      ssize_t count = read(control_, size, sizeof size);
      if (count < 0 && errno == EINTR) continue;
      if (count != sizeof size) {
        control_ = -1;
        return;
      }
      PutFrame(&outgoing_, FRAME_RESIZE, std::string(reinterpret_cast<const char *>(size), sizeof size));
    }
  }

  void ReadInput() {
    if (!in_.open()) return;
    ssize_t count = in_.Read(&typed_[0], maxRead_);
    if (count == -EAGAIN) return;
    std::string payload;
    bool detach = false;
    // EIO: the terminal has hung up, or we are in the background and can't be stopped.
    if (count > 0) detach = keys_.Pass(typed_.data(), static_cast<size_t>(count), &payload);
    else keys_.Flush(&payload);
    if (!payload.empty()) PutFrame(&outgoing_, FRAME_STDIN, payload);
    if (detach) {
      Send();
      return End(RelayResult::Detached);
    }
    if (count <= 0) {
      PutFrame(&outgoing_, FRAME_STDIN_EOF, "");
      in_.Close();
    }
  }

  void Send() {
    while (sent_ < outgoing_.size()) {
      ssize_t count = socket_.Write(outgoing_.data() + sent_, outgoing_.size() - sent_);
      if (count == -EAGAIN) return;
      if (count < 0) {
        // It takes no more; its last words may still be on the way.
        in_.Close();
        control_ = -1;
        break;
      }
      sent_ += static_cast<size_t>(count);
    }
    outgoing_.clear();
    sent_ = 0;
  }

  // Not without end, lest a flood of output keeps what is typed from being read.
  void Receive() {
    for (int rounds = 0; rounds < 16; rounds++) {
      while (Deliver()) continue;
      if (over_ || blocked_) return;
      ssize_t count = socket_.Read(frames_.space(), frames_.room());
      if (count == -EAGAIN) return;
      if (count <= 0) return End(RelayResult::Lost);
      frames_.Received(static_cast<size_t>(count));
    }
  }

  // One part of a frame; false where more has to arrive first, the output takes no more now, or all is over.
  bool Deliver() {
    FramePart part = frames_.Next();
    switch (part.kind) {
      case FramePart::NeedMore: return false;
      case FramePart::Exit: return End(RelayResult::Exited, static_cast<int>(part.code)), false;
      case FramePart::Bad: return Bad(part), false;
      case FramePart::Data: break;
    }
    Stream *to = part.type == FRAME_STDOUT ? &out_ : &error_;
    ssize_t count = to->open() ? to->Write(part.data, part.length) : static_cast<ssize_t>(part.length);
    if (count == -EAGAIN) {
      blocked_ = to;
      return false;
    }
    if (count == -EPIPE || count == -EIO || count == -ECONNRESET) return End(RelayResult::Closed), false;
    if (count < 0) return End(RelayResult::Failed, static_cast<int>(-count), to == &out_ ? "write(stdout)" : "write(stderr)"), false;
    frames_.Take(static_cast<size_t>(count));
    return true;
  }

  void Bad(const FramePart &part) {
    End(RelayResult::Failed, EPROTO);
    result_.call = "attach(frame " + std::to_string(part.type) + " of " + std::to_string(part.code) + " bytes)";
  }

  Stream socket_;
  int control_;
  Stream in_, out_, error_;
  Stream *blocked_ = nullptr;  // the output that took no more
  DetachKeys keys_;
  size_t maxRead_;
  std::string typed_, outgoing_;
  size_t sent_ = 0;
  FrameReader frames_;
  RelayResult result_ = {RelayResult::Lost, 0, ""};
  bool over_ = false;
};

}  // namespace

RelayResult Relay(const RelayInput &input) { return Loop(input).Run(); }
