// Hybi: HTTP that talks back. Includes the whole front door but what speaks JSON:
// channel_clients.h, json.h, object.h and template.h need nlohmann-json.
#pragma once

#include <hybi/bytes.h>
#include <hybi/channel.h>
#include <hybi/engine.h>
#include <hybi/error.h>
#include <hybi/events.h>
#include <hybi/form.h>
#include <hybi/http.h>
#include <hybi/limits.h>
#include <hybi/middleware.h>
#include <hybi/quota.h>
#include <hybi/result.h>
#include <hybi/router.h>
#include <hybi/server.h>
#include <hybi/session.h>
#include <hybi/session_store.h>
#include <hybi/static_files.h>
#include <hybi/websocket.h>
