package graft.api;

import java.util.List;

/** One resource of the API: a class that answers a handful of related routes. */
interface Resource {
    List<Route> routes();
}
