// How the echo executor behaves: the words of graft_options.extra.
#pragma once

#include <cstdint>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

namespace graft {

/** The words of graft_options.extra, with their defaults. */
struct Manners {
  int32_t vocabulary = 32000;
  int32_t running = 8;         // requests in a step
  int32_t adapters = 4;        // that its cache holds
  int32_t fail_token = -1;     // a prompt holding it ends with an error
  int32_t stall_token = -1;    // a prompt holding it gets no token until it is cancelled
  int32_t step_us = 0;         // pause between steps
  int32_t evict_every = 0;     // steps after which the cache drops what no request uses
  int32_t break_after = 0;     // polls after which polling fails for good

  static Manners of(const char* extra) {
    Manners manners;
    const std::map<std::string, int32_t*> known = {
        {"vocabulary", &manners.vocabulary}, {"running", &manners.running},
        {"adapters", &manners.adapters},     {"fail", &manners.fail_token},
        {"stall", &manners.stall_token},     {"step-us", &manners.step_us},
        {"evict-every", &manners.evict_every}, {"break-after", &manners.break_after}};
    std::istringstream words(extra == nullptr ? "" : extra);
    for (std::string word; words >> word;) {
      const size_t equals = word.find('=');
      const auto found = equals == std::string::npos ? known.end() : known.find(word.substr(0, equals));
      if (found == known.end()) throw std::invalid_argument("unknown word '" + word + "'");
      *found->second = std::stoi(word.substr(equals + 1));
    }
    return manners;
  }
};

}  // namespace graft
